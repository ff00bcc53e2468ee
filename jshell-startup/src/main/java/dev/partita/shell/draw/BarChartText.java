package dev.partita.shell.draw;

import dev.partita.shell.draw.BarChart.Bar;

/// A bar chart in characters, each series with a shade of its own.
///
/// ```
/// memory   █ weights  ▓ optimizer  ▒ gradients
/// one      ██▓▓▓▓▒▒                 12.1 MB
/// two   0  ██▓▓▓▓▒▒                 12.1 MB
///       1  ██                        3.0 MB
/// ```
public final class BarChartText {
    private static final String SHADES = "█▓▒░▚";

    private BarChartText() {}

    /// Draws a chart.
    ///
    /// @param columns width of the longest bar
    /// @throws IllegalArgumentException if it has more than five series
    public static String draw(BarChart chart, int columns) {
        if (chart.series().size() > SHADES.length()) {
            throw new IllegalArgumentException("no shade for each of " + chart.series());
        }
        var text = new StringBuilder(chart.title());
        for (int i = 0; chart.series().size() > 1 && i < chart.series().size(); i++) {
            text.append("  ").append(SHADES.charAt(i)).append(' ').append(chart.series().get(i));
        }
        text.append('\n');
        int groups = width(chart, true);
        int names = width(chart, false);
        int values = chart.bars().stream().mapToInt(bar -> bar.value().length()).max().orElse(0);
        for (int i = 0; i < chart.bars().size(); i++) {
            Bar bar = chart.bars().get(i);
            String group = chart.beginsGroup(i) ? bar.group() : "";
            text.append("  ").append(padded(group, groups)).append("  ");
            if (names > 0) {
                text.append(padded(bar.name(), names)).append("  ");
            }
            text.append(padded(bar(bar, chart.longest(), columns), columns)).append("  ");
            text.append(" ".repeat(values - bar.value().length())).append(bar.value()).append('\n');
        }
        return text.toString();
    }

    private static int width(BarChart chart, boolean group) {
        return chart.bars().stream()
                .mapToInt(bar -> (group ? bar.group() : bar.name()).length())
                .max()
                .orElse(0);
    }

    /// Each part ends where the sum of all up to it does, rounded, so that the whole is as long as
    /// it should be.
    private static String bar(Bar bar, double longest, int columns) {
        var text = new StringBuilder();
        double sum = 0;
        for (int i = 0; i < bar.parts().size(); i++) {
            sum += bar.parts().get(i);
            long end = longest == 0 ? 0 : Math.round(sum / longest * columns);
            text.append(String.valueOf(SHADES.charAt(i)).repeat((int) end - text.length()));
        }
        return text.toString();
    }

    private static String padded(String text, int width) {
        return text + " ".repeat(width - text.length());
    }
}
