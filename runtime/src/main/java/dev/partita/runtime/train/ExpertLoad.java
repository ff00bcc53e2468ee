package dev.partita.runtime.train;

import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/// How evenly the experts of a layer were chosen, and what they had no room for.
///
/// @param layer its name
/// @param chosen the share of all choices that fell on each expert, the mean over all steps
/// @param dropped the share of all choices that each expert had no slot for, the mean over all
///   steps
/// @param droppedPerStep the share of choices of each step that found no slot
public record ExpertLoad(
        String layer, List<Double> chosen, List<Double> dropped, List<Double> droppedPerStep) {
    private static final String[] BARS = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};

    public ExpertLoad {
        chosen = List.copyOf(chosen);
        dropped = List.copyOf(dropped);
        droppedPerStep = List.copyOf(droppedPerStep);
    }

    /// The share of all choices that found no slot.
    public double droppedShare() {
        return dropped.stream().mapToDouble(d -> d).sum();
    }

    /// In one line: `moe1: experts got 8.1 to 17.0 % of choices ▅▇▄█▆▅▅▄, 3.2 % found no slot`, the
    /// bars in the order of the experts, a full one for the busiest.
    @Override
    public String toString() {
        double most = chosen.stream().mapToDouble(c -> c).max().orElse(0);
        double least = chosen.stream().mapToDouble(c -> c).min().orElse(0);
        String bars =
                String.join(
                        "",
                        IntStream.range(0, chosen.size())
                                .mapToObj(e -> bar(most == 0 ? 0 : chosen.get(e) / most))
                                .toList());
        return String.format(
                Locale.ROOT,
                "%s: experts got %.1f to %.1f %% of choices %s, %.1f %% found no slot",
                layer,
                100 * least,
                100 * most,
                bars,
                100 * droppedShare());
    }

    private static String bar(double part) {
        return BARS[(int) Math.min(BARS.length - 1, Math.floor(part * BARS.length))];
    }
}
