package dev.partita.shell.draw;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Rows under a heading, columns aligned: numbers to the right, words to the left.
public final class Table {
    private final List<List<String>> rows = new ArrayList<>();

    private Table(List<String> heading) {
        rows.add(heading);
    }

    public static Table of(String... heading) {
        return new Table(List.of(heading));
    }

    /// Adds a row with one cell for each word of the heading.
    public Table row(Object... cells) {
        if (cells.length != rows.getFirst().size()) {
            throw new IllegalArgumentException(cells.length + " cells under " + rows.getFirst());
        }
        rows.add(Arrays.stream(cells).map(String::valueOf).toList());
        return this;
    }

    /// The word over each column.
    public List<String> heading() {
        return rows.getFirst();
    }

    /// The rows under the heading.
    public List<List<String>> rows() {
        return List.copyOf(rows.subList(1, rows.size()));
    }

    /// The table, each line ended.
    public String print() {
        int columns = rows.getFirst().size();
        var text = new StringBuilder();
        for (List<String> row : rows) {
            var line = new StringBuilder();
            for (int column = 0; column < columns; column++) {
                String cell = row.get(column);
                String space = " ".repeat(width(column) - cell.length());
                line.append(column == 0 ? "  " : "   ");
                line.append(isNumeric(column) ? space + cell : cell + space);
            }
            text.append(line.toString().stripTrailing()).append('\n');
        }
        return text.toString();
    }

    private int width(int column) {
        return rows.stream().mapToInt(row -> row.get(column).length()).max().orElse(0);
    }

    private boolean isNumeric(int column) {
        return rows.size() > 1
                && rows.stream()
                        .skip(1)
                        .allMatch(row -> row.get(column).matches("[-+]?[\\d.,]+\\S*"));
    }

    @Override
    public String toString() {
        return "table of " + (rows.size() - 1) + " rows: " + String.join(", ", rows.getFirst());
    }
}
