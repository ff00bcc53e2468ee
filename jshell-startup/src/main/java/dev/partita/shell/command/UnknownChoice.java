package dev.partita.shell.command;

import dev.partita.dsl.problem.NearMiss;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import java.util.List;

/// A word given for an option that takes one of a few.
final class UnknownChoice {
    private UnknownChoice() {}

    /// `InvalidArgument`, with the near miss.
    static ProblemException of(String kind, String word, List<String> known) {
        return Problem.of(
                        ProblemCode.INVALID_ARGUMENT, "There is no " + kind + " \"" + word + "\".")
                .fix(NearMiss.fix(word, known, kind))
                .exception();
    }
}
