package dev.partita.shell.command;

import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.models.Transformer;
import java.util.List;
import java.util.Objects;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// The sizes of a gpt, a moe-gpt or a bert, and what its parts are.
final class TransformerOptions {
    private static final List<String> ACTIVATIONS = List.of("gelu", "swiglu");
    private static final List<String> POSITIONS = List.of("learned", "rotary");

    @Option(
            names = "--layers",
            paramLabel = "N",
            description = "Blocks of a gpt, moe-gpt or bert. Default: 4.")
    private @Nullable Integer layers;

    @Option(
            names = {"--hidden", "--width"},
            paramLabel = "N",
            description = "Width of the stream between them. Default: 256.")
    private @Nullable Long hidden;

    @Option(names = "--heads", paramLabel = "N", description = "Of attention. Default: 4.")
    private @Nullable Long heads;

    @Option(
            names = "--kv-heads",
            paramLabel = "N",
            description =
                    "Heads of keys and values, each shared by as many heads of queries. Default: as --heads.")
    private @Nullable Long keyHeads;

    @Option(
            names = "--ffn",
            paramLabel = "N",
            description =
                    "Width inside feed-forward layers. Default: four times --hidden, of experts twice.")
    private @Nullable Long ffn;

    @Option(
            names = "--activation",
            paramLabel = "NAME",
            description =
                    "Of feed-forward layers: gelu, or swiglu, which has a third matrix. Default: gelu.")
    private @Nullable String activation;

    @Option(
            names = "--positions",
            paramLabel = "NAME",
            description =
                    "learned: a vector each; rotary: attention turns by them. Default: learned.")
    private @Nullable String positions;

    @Option(
            names = "--untied",
            description = "The output has a matrix of its own, not that of the embedding.")
    private @Nullable Boolean untied;

    @Option(
            names = "--dropout",
            paramLabel = "RATE",
            description = "After the embedding and every part of a block. Default: none.")
    private @Nullable Double dropout;

    @Option(
            names = "--vocab",
            paramLabel = "N",
            description =
                    "Number of tokens. Default: as the data has, to a multiple of 16; without data 96.")
    private @Nullable Long vocab;

    @Option(
            names = {"--seq", "--sequence"},
            paramLabel = "N",
            description = "Tokens of an example. Default: 256.")
    private @Nullable Long sequence;

    /// What the user says, and for the rest what is usual.
    ///
    /// @param factor the width inside feed-forward layers, times that of the stream
    /// @param tokens how many there are at least, asked for if the user says nothing
    Transformer said(Transformer usual, long factor, LongSupplier tokens) {
        long width = or(hidden, usual.hidden());
        long queries = or(heads, usual.heads());
        long inside = hidden == null ? usual.ffn() : factor * width;
        return new Transformer(
                layers == null ? usual.layers() : layers,
                width,
                queries,
                or(keyHeads, heads == null ? usual.keyHeads() : queries),
                or(ffn, inside),
                vocab == null ? Math.ceilDiv(tokens.getAsLong(), 16) * 16 : vocab,
                or(sequence, usual.sequence()),
                choice("--positions", positions, POSITIONS, usual.isRotary()),
                choice("--activation", activation, ACTIVATIONS, usual.isGated()),
                untied == null ? usual.isTied() : !untied,
                dropout == null ? usual.dropout() : dropout);
    }

    private static long or(@Nullable Long given, long usual) {
        return given == null ? usual : given;
    }

    /// Whether it is the second of two.
    private static boolean choice(
            String option, @Nullable String given, List<String> both, boolean usual) {
        if (given != null && !both.contains(given)) {
            throw UnknownChoice.of(option.substring(2), given, both);
        }
        return given == null ? usual : given.equals(both.getLast());
    }

    /// Refuses all of these for a model that is not made in sizes that a command names.
    void refuse(String model) {
        if (Stream.of(
                        layers,
                        hidden,
                        heads,
                        keyHeads,
                        ffn,
                        activation,
                        positions,
                        untied,
                        dropout,
                        vocab,
                        sequence)
                .anyMatch(Objects::nonNull)) {
            throw Problem.of(
                            ProblemCode.INVALID_ARGUMENT,
                            "Only a gpt, a moe-gpt and a bert are made in the sizes and of the parts that a command names.")
                    .fact("model", model)
                    .fact(
                            "their options",
                            "--layers --hidden --heads --kv-heads --ffn --activation --positions --untied --dropout"
                                    + " --vocab --seq")
                    .fix("leave them out, or give a class of your own")
                    .exception();
        }
    }
}
