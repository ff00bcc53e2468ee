package dev.partita.shell.notebook;

import java.util.ArrayList;
import java.util.List;

/// A part of a notebook.
public sealed interface Cell {
    String source();

    /// Prose.
    record Prose(String source) implements Cell {}

    /// Java to be evaluated.
    ///
    /// @param line where it starts in the file, counted from 1
    /// @param varies whether what it shows differs between machines, as speed does
    record Code(String source, int line, boolean varies) implements Cell {}

    /// Reads Markdown: a fence ```` ```java ```` opens a cell of code, ```` ```java varies ```` one
    /// whose output is not compared; everything between is prose.
    static List<Cell> parse(String markdown) {
        var cells = new ArrayList<Cell>();
        var text = new StringBuilder();
        String fence = "";
        int start = 0;
        List<String> lines = markdown.lines().toList();
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i);
            boolean opens = fence.isEmpty() && line.startsWith("```java");
            boolean closes = !fence.isEmpty() && line.equals("```");
            if (opens || closes) {
                add(cells, text, fence, start);
                fence = opens ? line : "";
                start = i + 2;
            } else {
                text.append(line).append('\n');
            }
        }
        add(cells, text, fence, start);
        return List.copyOf(cells);
    }

    private static void add(List<Cell> cells, StringBuilder text, String fence, int line) {
        String source = text.toString().strip();
        text.setLength(0);
        if (!source.isEmpty()) {
            cells.add(
                    fence.isEmpty()
                            ? new Prose(source)
                            : new Code(source, line, fence.endsWith(" varies")));
        }
    }
}
