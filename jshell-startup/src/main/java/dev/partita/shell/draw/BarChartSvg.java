package dev.partita.shell.draw;

import dev.partita.shell.draw.BarChart.Bar;
import java.util.Locale;

/// A bar chart as an SVG element for a page of [Page]'s style: it takes its colours from there, so
/// that it is legible on light and dark ground. A part says what it is when one points at it.
public final class BarChartSvg {
    private static final int WIDTH = 760;
    private static final int GROUPS = 130;
    private static final int NAMES = 80;
    private static final int VALUES = 80;
    private static final int ROW = 22;
    private static final int BAR = 16;
    private static final int GAP = 10;
    private static final int TOP = 34;

    private BarChartSvg() {}

    /// Draws a chart.
    public static String draw(BarChart chart) {
        var rows = new StringBuilder();
        int y = TOP;
        for (int i = 0; i < chart.bars().size(); i++) {
            Bar bar = chart.bars().get(i);
            boolean begins = chart.beginsGroup(i);
            y += begins && i > 0 ? GAP : 0;
            if (begins) {
                rows.append(text(0, y + 12, "group", bar.group()));
            }
            rows.append(text(GROUPS, y + 12, "name", bar.name()));
            row(rows, chart, bar, y);
            y += ROW;
        }
        return """
        <svg viewBox="0 0 %d %d" role="img" aria-label="%s">
        %s%s</svg>
        """
                .formatted(WIDTH, y + 4, Page.escaped(chart.title()), legend(chart), rows);
    }

    private static void row(StringBuilder rows, BarChart chart, Bar bar, int y) {
        double scale =
                chart.longest() == 0 ? 0 : (WIDTH - GROUPS - NAMES - VALUES) / chart.longest();
        double x = GROUPS + NAMES;
        for (int i = 0; i < bar.parts().size(); i++) {
            double part = bar.parts().get(i);
            double width = part * scale;
            String share = "%.0f%%".formatted(100 * part / Math.max(bar.total(), 1e-300));
            String hint =
                    bar.parts().size() == 1
                            ? bar.value()
                            : chart.series().get(i) + ": " + share + " of " + bar.value();
            rows.append(
                    String.format(
                            Locale.ROOT,
                            "<rect class=\"s%d\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\"><title>%s</title></rect>%n",
                            i,
                            x,
                            y,
                            width,
                            BAR,
                            Page.escaped(hint)));
            x += width;
        }
        rows.append(text((int) Math.round(x) + 6, y + 12, "value", bar.value()));
    }

    /// The title and, if there are several, the series.
    private static String legend(BarChart chart) {
        var legend = new StringBuilder(text(0, 14, "title", chart.title()));
        double x = WIDTH - chart.series().stream().mapToDouble(BarChartSvg::room).sum();
        for (int i = 0; chart.series().size() > 1 && i < chart.series().size(); i++) {
            String name = chart.series().get(i);
            legend.append(
                    String.format(
                            Locale.ROOT,
                            "<rect class=\"s%d\" x=\"%.0f\" y=\"5\" width=\"10\" height=\"10\"/>%n",
                            i,
                            x));
            legend.append(text((int) x + 14, 14, "name", name));
            x += room(name);
        }
        return legend.toString();
    }

    /// What the name of a series takes in the legend.
    private static double room(String series) {
        return 24 + 6.5 * series.length();
    }

    private static String text(int x, int y, String style, String words) {
        return words.isEmpty()
                ? ""
                : "<text class=\"%s\" x=\"%d\" y=\"%d\">%s</text>%n"
                        .formatted(style, x, y, Page.escaped(words));
    }
}
