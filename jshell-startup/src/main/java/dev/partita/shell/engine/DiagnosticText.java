package dev.partita.shell.engine;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import jdk.jshell.Diag;

/// What javac has against a snippet: the sentence, the line, and a mark under the place.
final class DiagnosticText {
    private DiagnosticText() {}

    static String of(List<Diag> diagnostics, String source) {
        return diagnostics.stream()
                .filter(Diag::isError)
                .map(each -> one(each, source))
                .distinct()
                .collect(Collectors.joining("\n"));
    }

    private static String one(Diag diagnostic, String source) {
        int start = Math.clamp(diagnostic.getStartPosition(), 0, source.length());
        int lineStart = source.lastIndexOf('\n', start - 1) + 1;
        int newline = source.indexOf('\n', start);
        int lineEnd = newline < 0 ? source.length() : newline;
        int end = Math.clamp(diagnostic.getEndPosition(), start + 1, Math.max(start + 1, lineEnd));
        String mark = "^" + "-".repeat(Math.max(0, end - start - 2)) + (end - start > 1 ? "^" : "");
        return "Error: "
                + message(diagnostic)
                + "\n  | "
                + source.substring(lineStart, lineEnd)
                + "\n  | "
                + " ".repeat(start - lineStart)
                + mark;
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
