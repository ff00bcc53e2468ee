package dev.partita.dsl.problem;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/// One message to a person, the same in javac, in JShell and on the command line: a code, one
/// sentence, aligned facts, a way out, and the line of the user's program it is about.
///
/// ```
/// [IndivisibleDim] Dim hidden does not divide over tensor.
///   dim:       hidden=250
///   devices:   4 (mesh[data=2, tensor=4])
///   at:        Mlp.java:14
///   try:       make hidden 248 or 252, or shard another dim
/// ```
public record Problem(
        ProblemCode code, String sentence, List<Fact> facts, String fix, Origin origin) {
    public Problem {
        facts = List.copyOf(facts);
        Objects.requireNonNull(origin);
    }

    /// A Problem whose line is the user's call on the current stack.
    public static Problem of(ProblemCode code, String sentence) {
        return new Problem(code, sentence, List.of(), "", Origin.here());
    }

    public Problem fact(String name, Object value) {
        var more = new ArrayList<>(facts);
        more.add(new Fact(name, String.valueOf(value)));
        return new Problem(code, sentence, more, fix, origin);
    }

    public Problem fix(String way) {
        return new Problem(code, sentence, facts, way, origin);
    }

    public Problem at(Origin place) {
        return new Problem(code, sentence, facts, fix, place);
    }

    public ProblemException exception() {
        return new ProblemException(this);
    }

    public ProblemException exception(Throwable cause) {
        var exception = new ProblemException(this);
        exception.initCause(cause);
        return exception;
    }

    /// The Problem over several lines, without a trailing newline.
    public String print() {
        return print(List.of());
    }

    /// What a person is told: the Problem, and where its page is.
    ///
    /// ```
    ///   see:       tutorials/problems/IndivisibleDim.md
    /// ```
    public String message() {
        return print(List.of(new Fact("see", code.page())));
    }

    private String print(List<Fact> last) {
        var lines = new ArrayList<>(facts);
        if (origin.isKnown()) {
            lines.add(new Fact("at", origin.toString()));
        }
        if (!fix.isEmpty()) {
            lines.add(new Fact("try", fix));
        }
        lines.addAll(last);
        int width = lines.stream().mapToInt(f -> f.name().length()).max().orElse(0);
        var text = new StringBuilder("[" + code + "] " + sentence);
        for (Fact line : lines) {
            text.append("\n  ")
                    .append(line.name())
                    .append(": ")
                    .repeat(" ", width - line.name().length());
            text.append(line.value().replace("\n", "\n" + " ".repeat(width + 4)));
        }
        return text.toString();
    }

    @Override
    public String toString() {
        return print();
    }
}
