package dev.partita.shell.engine;

import dev.partita.dsl.problem.Origin;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import jdk.jshell.Diag;

/// What javac has against a snippet: the sentence, the line, and a mark under the place.
final class DiagnosticText {
    /// How javac names what a plugin told it: a Problem, found before the snippet ran.
    private static final String OF_A_PLUGIN = "compiler.err.proc.messager";

    private DiagnosticText() {}

    /// Every error, one after the other.
    ///
    /// @param place where the snippet starts, if it stands in a script
    static String of(List<Diag> diagnostics, String source, Origin place) {
        return diagnostics.stream()
                .filter(Diag::isError)
                .map(each -> one(each, source, place))
                .distinct()
                .collect(Collectors.joining("\n"));
    }

    private static String one(Diag diagnostic, String source, Origin place) {
        boolean isProblem = diagnostic.getCode().equals(OF_A_PLUGIN);
        int start = Math.clamp(start(diagnostic, isProblem), 0, source.length());
        int lineStart = source.lastIndexOf('\n', start - 1) + 1;
        int newline = source.indexOf('\n', start);
        int lineEnd = newline < 0 ? source.length() : newline;
        int end = Math.clamp(diagnostic.getEndPosition(), start + 1, Math.max(start + 1, lineEnd));
        String mark = "^" + "-".repeat(Math.max(0, end - start - 2)) + (end - start > 1 ? "^" : "");
        long before = source.chars().limit(start).filter(c -> c == '\n').count();
        var at = new Origin(place.file(), place.line() + (int) before);
        return (isProblem ? problem(diagnostic, at) : error(diagnostic, at))
                + "\n  | "
                + source.substring(lineStart, lineEnd)
                + "\n  | "
                + " ".repeat(start - lineStart)
                + mark;
    }

    /// A Problem of a call is marked at its word, not at the chain before it.
    private static long start(Diag diagnostic, boolean isProblem) {
        return isProblem
                ? Math.max(diagnostic.getStartPosition(), diagnostic.getPosition())
                : diagnostic.getStartPosition();
    }

    private static String error(Diag diagnostic, Origin at) {
        return (at.isKnown() ? "Error at " + at + ": " : "Error: ") + message(diagnostic);
    }

    /// As a Problem prints itself, without the two spaces by which javac moves all lines but the
    /// first in.
    private static String problem(Diag diagnostic, Origin at) {
        String text = diagnostic.getMessage(Locale.ROOT).strip().replace("\n  ", "\n");
        return at.isKnown() ? text + "\n  at " + at + ":" : text;
    }

    /// Without the class that JShell wraps around a snippet, which has no name a person could know.
    private static String message(Diag diagnostic) {
        return diagnostic
                .getMessage(Locale.ROOT)
                .lines()
                .filter(line -> !line.strip().equals("location: class"))
                .collect(Collectors.joining("\n  "));
    }
}
