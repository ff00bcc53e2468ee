package dev.partita.shell.draw;

import java.util.List;

/// Bars made of parts, each part of a series, as data for any renderer: [BarChartText] for a
/// terminal, [BarChartSvg] for a page.
///
/// @param series what the parts are, in order
public record BarChart(String title, List<String> series, List<Bar> bars) {
    public BarChart {
        series = List.copyOf(series);
        bars = List.copyOf(bars);
        for (Bar bar : bars) {
            if (bar.parts().size() != series.size()) {
                throw new IllegalArgumentException(bar + " has not the parts " + series);
            }
        }
    }

    /// One bar.
    ///
    /// @param group bars of one group stand together, and its name stands at the first
    /// @param name of the bar in its group, or empty
    /// @param parts of each series, none negative
    /// @param value what the bar amounts to, in words
    public record Bar(String group, String name, List<Double> parts, String value) {
        public Bar {
            parts = List.copyOf(parts);
            if (parts.stream().anyMatch(part -> !(part >= 0))) {
                throw new IllegalArgumentException("a bar has no negative parts: " + parts);
            }
        }

        double total() {
            return parts.stream().mapToDouble(Double::doubleValue).sum();
        }
    }

    /// The length of the longest bar.
    double longest() {
        return bars.stream().mapToDouble(Bar::total).max().orElse(0);
    }

    /// True for a bar with whose group another begins.
    boolean beginsGroup(int bar) {
        return bar == 0 || !bars.get(bar).group().equals(bars.get(bar - 1).group());
    }
}
