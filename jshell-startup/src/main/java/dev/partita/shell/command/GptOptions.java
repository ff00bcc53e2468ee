package dev.partita.shell.command;

import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.models.Transformer;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// A gpt of any size, and how many sequences a step has: what `simulate training` and `search` are
/// about.
final class GptOptions {
    @Option(names = "--model", paramLabel = "NAME", description = "gpt, the only one.")
    private String model = "gpt";

    @Option(names = "--layers", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
    private int layers = 24;

    @Option(names = "--hidden", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
    private long hidden = 2048;

    @Option(names = "--heads", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
    private long heads = 16;

    @Option(names = "--ffn", paramLabel = "N", description = "Default: four times --hidden.")
    private @Nullable Long ffn;

    @Option(names = "--vocab", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
    private long vocab = 51_200;

    @Option(names = "--seq", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
    private long sequence = 2048;

    @Option(
            names = "--global-batch",
            paramLabel = "N",
            description = "Sequences of a step. Default: ${DEFAULT-VALUE}.")
    private long globalBatch = 512;

    /// The model.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `InvalidArgument` for another than a gpt
    Transformer gpt() {
        if (!model.equals("gpt")) {
            throw UnknownChoice.of("model to simulate", model, List.of("gpt"));
        }
        return Transformer.of(
                layers, hidden, heads, ffn == null ? 4 * hidden : ffn, vocab, sequence);
    }

    /// The sizes as one would type them for `plan gpt`.
    String sizes() {
        Transformer gpt = gpt();
        return "--layers %d --hidden %d --heads %d --ffn %d --vocab %d --seq %d"
                .formatted(
                        gpt.layers(),
                        gpt.hidden(),
                        gpt.heads(),
                        gpt.ffn(),
                        gpt.vocab(),
                        gpt.sequence());
    }

    long globalBatch() {
        if (globalBatch < 1) {
            throw Problem.of(ProblemCode.INVALID_ARGUMENT, "A step has at least one sequence.")
                    .fact("--global-batch", globalBatch)
                    .fix("--global-batch 512")
                    .exception();
        }
        return globalBatch;
    }
}
