package dev.partita.shell.command;

import dev.partita.compiler.Recompute;
import dev.partita.dsl.problem.NearMiss;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// Which forward values are computed again in backward, to save memory.
final class RecomputeOptions {
    private static final List<String> CHOICES = List.of("none", "full", "selective");

    @Option(
            names = "--recompute",
            paramLabel = "WHAT",
            description = {
                "What backward computes again instead of keeping it: none, full (each block from its input)",
                "or selective (what needs no matrix product, and softmax). Default: none."
            })
    private @Nullable String recompute;

    @Option(
            names = "--memory-limit",
            paramLabel = "BYTES",
            description = "Computes again as little as fits a step into this memory of a device.")
    private @Nullable Long memoryLimit;

    /// @throws dev.partita.dsl.problem.ProblemException `InvalidArgument` for an unknown choice, or
    ///   for two
    Recompute choice() {
        if (memoryLimit != null) {
            if (recompute != null) {
                throw Problem.of(
                                ProblemCode.INVALID_ARGUMENT,
                                "A memory limit chooses by itself what to compute again.")
                        .fact("--recompute", recompute)
                        .fact("--memory-limit", memoryLimit)
                        .fix("one of the two")
                        .exception();
            }
            return Recompute.within(memoryLimit);
        }
        String choice = recompute == null ? "none" : recompute;
        return switch (choice) {
            case "none" -> Recompute.none();
            case "full" -> Recompute.full();
            case "selective" -> Recompute.selective();
            default ->
                    throw Problem.of(
                                    ProblemCode.INVALID_ARGUMENT,
                                    "Nothing is computed again by the word \"" + choice + "\".")
                            .fix(NearMiss.fix(choice, CHOICES, "choice"))
                            .exception();
        };
    }
}
