package dev.partita.shell.command;

import dev.partita.dsl.layer.Experts;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// The experts of a `moe-gpt`.
final class ExpertOptions {
    private static final String DROPLESS = "dropless";

    @Option(names = "--experts", paramLabel = "N", description = "Of a moe-gpt. Default: 8.")
    private @Nullable Long count;

    @Option(
            names = "--top-k",
            paramLabel = "K",
            description = "Experts that each token meets. Default: 2.")
    private @Nullable Integer choices;

    @Option(
            names = "--capacity",
            paramLabel = "FACTOR",
            description = {
                "What an expert takes in, times its even share; the rest is dropped. Default: 1.25;",
                "dropless: room for every token."
            })
    private @Nullable String capacity;

    @Option(
            names = "--auxiliary",
            paramLabel = "WEIGHT",
            description = "Of the loss that evens out the experts' loads. Default: 0.01.")
    private @Nullable Double auxiliary;

    long count() {
        return count == null ? 8 : count;
    }

    /// The layer as the options say.
    Experts said(Experts layer) {
        Experts chosen = choices == null ? layer : layer.topK(choices);
        Experts balanced = auxiliary == null ? chosen : chosen.auxiliary(auxiliary);
        String said = Objects.requireNonNullElse(capacity, "1.25");
        return said.equals(DROPLESS) ? balanced.dropless() : balanced.capacity(factor(said));
    }

    private static double factor(String capacity) {
        try {
            return Double.parseDouble(capacity);
        } catch (NumberFormatException e) {
            throw Problem.of(ProblemCode.INVALID_ARGUMENT, "The capacity of experts is a number.")
                    .fact("--capacity", capacity)
                    .fix("--capacity 1.25, or --capacity dropless")
                    .exception(e);
        }
    }

    /// Refuses all of these for a model without experts.
    void refuse(String model) {
        if (Stream.of(count, choices, capacity, auxiliary).anyMatch(Objects::nonNull)) {
            throw Problem.of(
                            ProblemCode.INVALID_ARGUMENT,
                            "Only a moe-gpt has experts that a command describes.")
                    .fact("model", model)
                    .fact("options of moe-gpt alone", "--experts --top-k --capacity --auxiliary")
                    .fix("moe-gpt, or leave them out")
                    .exception();
        }
    }
}
