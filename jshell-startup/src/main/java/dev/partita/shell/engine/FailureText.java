package dev.partita.shell.engine;

import dev.partita.dsl.problem.Origin;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemException;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/// How an exception is shown: a Problem by its message, anything else in two lines. Never a stack
/// trace.
public final class FailureText {
    private FailureText() {}

    /// All that a person is told about `failure`.
    ///
    /// @param place what is known about a line beyond its [Origin], such as the script a snippet
    ///   stands in
    public static String of(Throwable failure, UnaryOperator<Origin> place) {
        return problems(failure)
                .map(found ->
                        found.problems().stream()
                                .map(problem -> problem.at(place.apply(problem.origin())))
                                .map(Problem::message)
                                .collect(Collectors.joining("\n")))
                .orElseGet(() -> unforeseen(failure, place));
    }

    /// The Problems somewhere in a chain of causes.
    public static Optional<ProblemException> problems(Throwable failure) {
        for (Throwable each = failure; each != null; each = each.getCause()) {
            if (each instanceof ProblemException problems) {
                return Optional.of(problems);
            }
        }
        return Optional.empty();
    }

    private static String unforeseen(Throwable failure, UnaryOperator<Origin> place) {
        String message = failure.getMessage() == null ? "" : " " + failure.getMessage();
        String at =
                Arrays.stream(failure.getStackTrace())
                        .map(frame -> Origin.of(frame.getFileName(), frame.getLineNumber()))
                        .filter(origin -> origin.file().startsWith("#"))
                        .findFirst()
                        .map(origin -> "\n  at: " + place.apply(origin))
                        .orElse("");
        return "[" + failure.getClass().getSimpleName() + "]" + message + at;
    }
}
