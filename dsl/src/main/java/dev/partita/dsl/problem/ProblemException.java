package dev.partita.dsl.problem;

import java.util.List;
import java.util.stream.Collectors;

/// Carries one or several [Problem]s to whoever talks to the user. Its message is theirs.
public final class ProblemException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final transient List<Problem> problems;

    public ProblemException(Problem problem) {
        this(List.of(problem));
    }

    public ProblemException(List<Problem> problems) {
        super(problems.stream().map(Problem::message).collect(Collectors.joining("\n")));
        this.problems = List.copyOf(problems);
    }

    public List<Problem> problems() {
        return problems;
    }

    /// The first Problem.
    public Problem problem() {
        return problems.getFirst();
    }
}
