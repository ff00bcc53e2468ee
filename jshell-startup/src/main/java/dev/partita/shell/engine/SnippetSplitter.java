package dev.partita.shell.engine;

import java.util.ArrayList;
import java.util.List;
import jdk.jshell.SourceCodeAnalysis;
import jdk.jshell.SourceCodeAnalysis.CompletionInfo;

/// Cuts a text into snippets line by line, as if it were typed; but a line that begins with a dot
/// goes on with the snippet before it, so that a chain of calls may be written one call a line.
record SnippetSplitter(SourceCodeAnalysis analysis) {
    /// One snippet, or the rest of a text that is no complete one.
    ///
    /// @param line where it starts, counted from 1
    record Piece(String source, int line) {}

    List<Piece> split(String text) {
        List<String> lines = text.lines().toList();
        var pieces = new ArrayList<Piece>();
        var open = new StringBuilder();
        int start = 1;
        for (int i = 0; i < lines.size(); i++) {
            if (open.isEmpty()) {
                start = i + 1;
            }
            open.append(lines.get(i)).append('\n');
            if (!goesOn(lines, i + 1)) {
                cut(open, start, pieces);
            }
        }
        if (!open.toString().isBlank()) {
            pieces.add(new Piece(open.toString(), start));
        }
        return pieces;
    }

    /// Moves the complete snippets at the beginning of `open` to `pieces`.
    private void cut(StringBuilder open, int line, List<Piece> pieces) {
        while (!open.isEmpty()) {
            CompletionInfo info = analysis.analyzeCompletion(open.toString());
            switch (info.completeness()) {
                case DEFINITELY_INCOMPLETE, CONSIDERED_INCOMPLETE -> {
                    return;
                }
                case EMPTY -> open.setLength(0);
                case UNKNOWN -> {
                    pieces.add(new Piece(open.toString(), line));
                    open.setLength(0);
                }
                case COMPLETE, COMPLETE_WITH_SEMI -> {
                    pieces.add(new Piece(info.source(), line));
                    open.replace(
                            0, open.length(), info.remaining().isBlank() ? "" : info.remaining());
                }
            }
        }
    }

    private static boolean goesOn(List<String> lines, int next) {
        return next < lines.size()
                && (lines.get(next).strip().startsWith(".")
                        || (lines.get(next).isBlank() && goesOn(lines, next + 1)));
    }
}
