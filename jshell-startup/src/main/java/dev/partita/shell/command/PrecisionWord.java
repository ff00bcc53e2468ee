package dev.partita.shell.command;

import dev.partita.compiler.Precision;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import java.util.List;

/// What the precisions are called on the command line.
final class PrecisionWord {
    private static final List<Precision> ALL =
            List.of(Precision.F32, Precision.F64, Precision.BF16, Precision.F16);

    private PrecisionWord() {}

    /// The precision of this name, with gradients rounded or not.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `InvalidArgument`, with the near miss;
    ///   `Unsupported` for a precision whose gradients are not rounded
    static Precision of(String word, boolean roundsGradients) {
        Precision precision = of(word);
        if (roundsGradients && !precision.isMixed()) {
            throw Problem.of(
                            ProblemCode.UNSUPPORTED,
                            "Gradients are rounded to what ops compute in, and that is what weights have.")
                    .fact("--precision", word)
                    .fix("--precision bf16 --round-gradients")
                    .exception();
        }
        return roundsGradients ? precision.roundingGradients() : precision;
    }

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
