package dev.partita.shell.draw;

import java.util.Locale;

/// A curve in braille: every character is two points wide and four high.
///
/// ```
/// loss
///  2.303 ┤⢇
///        │⠈⠢⣀
///  0.041 ┤   ⠑⠒⠤⠤⣀⣀
///        └─────────
///        1       50
/// ```
public final class LineChart {
    private static final int BRAILLE = 0x2800;

    /// The bit of each point of a character, by row and column.
    private static final int[][] DOT = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};

    private LineChart() {}

    /// Draws `values` over their index. Values that are not finite leave a gap.
    ///
    /// @param first index of the first value
    /// @param columns width of the curve in characters
    /// @param rows height of the curve in characters
    public static String draw(String title, int first, double[] values, int columns, int rows) {
        double low = Double.POSITIVE_INFINITY;
        double high = Double.NEGATIVE_INFINITY;
        for (double value : values) {
            if (Double.isFinite(value)) {
                low = Math.min(low, value);
                high = Math.max(high, value);
            }
        }
        if (low > high) {
            return title + ": nothing to draw\n";
        }
        int[][] cells = plot(values, columns, rows, low, high);
        String top = label(high);
        String bottom = label(low);
        int width = Math.max(top.length(), bottom.length());
        var text = new StringBuilder(title).append('\n');
        for (int row = 0; row < rows; row++) {
            String label = row == 0 ? top : row == rows - 1 ? bottom : "";
            text.append(" ".repeat(width - label.length())).append(label);
            text.append(label.isEmpty() ? " │" : " ┤");
            var line = new StringBuilder();
            for (int cell : cells[row]) {
                line.append(cell == 0 ? ' ' : (char) (BRAILLE + cell));
            }
            text.append(line.toString().stripTrailing()).append('\n');
        }
        String left = Integer.toString(first);
        String right = Integer.toString(first + values.length - 1);
        text.append(" ".repeat(width)).append(" └").append("─".repeat(columns)).append('\n');
        text.append(" ".repeat(width + 2)).append(left);
        int between = Math.max(1, columns - left.length() - right.length());
        text.append(" ".repeat(between)).append(right).append('\n');
        return text.toString();
    }

    private static int[][] plot(double[] values, int columns, int rows, double low, double high) {
        var cells = new int[rows][columns];
        int width = 2 * columns;
        int height = 4 * rows;
        int before = -1;
        for (int x = 0; x < width; x++) {
            double value = values[(int) ((long) x * values.length / width)];
            if (!Double.isFinite(value)) {
                before = -1;
                continue;
            }
            double share = high == low ? 0.5 : (high - value) / (high - low);
            int y = (int) Math.round(share * (height - 1));
            int from = before < 0 ? y : before < y ? before + 1 : before > y ? before - 1 : y;
            for (int dot = Math.min(from, y); dot <= Math.max(from, y); dot++) {
                cells[dot / 4][x / 2] |= DOT[dot % 4][x % 2];
            }
            before = y;
        }
        return cells;
    }

    private static String label(double value) {
        double size = Math.abs(value);
        String format = size == 0 || (size >= 1e-3 && size < 1e5) ? "%.4g" : "%.2e";
        return String.format(Locale.ROOT, format, value);
    }
}
