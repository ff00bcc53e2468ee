package dev.partita.shell.command;

import dev.partita.compiler.Precision;
import java.util.List;

/// What the precisions are called on the command line.
final class PrecisionWord {
    private static final List<Precision> ALL =
            List.of(Precision.F32, Precision.F64, Precision.BF16, Precision.F16);

    private PrecisionWord() {}

    /// The precision of this name.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `InvalidArgument`, with the near miss
    static Precision of(String word) {
        return ALL.stream()
                .filter(precision -> precision.name().equals(word))
                .findFirst()
                .orElseThrow(() ->
                        UnknownChoice.of(
                                "precision", word, ALL.stream().map(Precision::name).toList()));
    }
}
