package dev.partita.shell.command;

import dev.partita.dsl.layer.Model;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.models.Gpt;
import dev.partita.models.ModelCatalog;
import dev.partita.models.MoeGpt;
import dev.partita.runtime.state.Checkpoint;
import java.util.Objects;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// The model that a command is about.
final class ModelArgument {
    private static final String GPT = "gpt";
    private static final String MOE_GPT = "moe-gpt";
    private static final Gpt USUAL = new Gpt(4, 256, 4, 1024, 96, 256);

    @Parameters(
            paramLabel = "MODEL",
            description =
                    "mlp, convnet, resnet18, gpt, moe-gpt, or a public class with a method: public static Model model().")
    private String name = "";

    @Option(names = "--layers", paramLabel = "N", description = "Blocks of a gpt. Default: 4.")
    private @Nullable Integer layers;

    @Option(names = "--hidden", paramLabel = "N", description = "Width of a gpt. Default: 256.")
    private @Nullable Long hidden;

    @Option(names = "--heads", paramLabel = "N", description = "Of a gpt. Default: 4.")
    private @Nullable Long heads;

    @Option(
            names = "--ffn",
            paramLabel = "N",
            description =
                    "Width inside a gpt's feed-forward layers. Default: four times --hidden, of experts twice.")
    private @Nullable Long ffn;

    @Option(
            names = "--vocab",
            paramLabel = "N",
            description =
                    "Tokens of a gpt. Default: as the data has, to a multiple of 16; without data 96.")
    private @Nullable Long vocab;

    @Option(
            names = "--seq",
            paramLabel = "N",
            description = "Tokens of an example of a gpt. Default: 256.")
    private @Nullable Long sequence;

    @Mixin private ExpertOptions experts = new ExpertOptions();

    Model model() {
        return model(() -> 96);
    }

    /// @param characters that the data has, asked for if it is to decide the vocabulary
    Model model(LongSupplier characters) {
        return model(characters, USUAL);
    }

    /// The model that was trained: a gpt of the sizes of its weights, unless others are said.
    Model trained(Checkpoint checkpoint) {
        long characters =
                checkpoint.vocabulary().map(known -> known.codePoints().count()).orElse(96L);
        return model(() -> characters, Gpt.of(checkpoint.parameters()).orElse(USUAL));
    }

    private Model model(LongSupplier characters, Gpt usual) {
        if (!name.equals(MOE_GPT)) {
            experts.refuse(name);
        }
        if (!name.equals(GPT) && !name.equals(MOE_GPT)) {
            refuseSizes();
            return ModelCatalog.named(name);
        }
        boolean routed = name.equals(MOE_GPT);
        long width = or(hidden, usual.hidden());
        long inside = hidden == null ? usual.ffn() : 4 * width;
        long tokens = vocab == null ? Math.ceilDiv(characters.getAsLong(), 16) * 16 : vocab;
        var sizes =
                new Gpt(
                        layers == null ? usual.layers() : layers,
                        width,
                        or(heads, usual.heads()),
                        or(ffn, routed ? 2 * width : inside),
                        tokens,
                        or(sequence, usual.sequence()));
        return routed ? MoeGpt.of(sizes, experts.count(), experts::said) : sizes.network();
    }

    private static long or(@Nullable Long given, long usual) {
        return given == null ? usual : given;
    }

    private void refuseSizes() {
        if (Stream.of(layers, hidden, heads, ffn, vocab, sequence).anyMatch(Objects::nonNull)) {
            throw Problem.of(
                            ProblemCode.INVALID_ARGUMENT,
                            "Only a gpt is made in the sizes that a command names.")
                    .fact("model", name)
                    .fact("options of gpt alone", "--layers --hidden --heads --ffn --vocab --seq")
                    .fix("leave them out, or give a class of your own")
                    .exception();
        }
    }
}
