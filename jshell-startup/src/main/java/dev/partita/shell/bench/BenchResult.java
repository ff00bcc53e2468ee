package dev.partita.shell.bench;

import dev.partita.shell.draw.Table;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// What a benchmark found; its JSON is what other programs read.
public record BenchResult(List<Case> cases) {
    public BenchResult {
        cases = List.copyOf(cases);
    }

    /// One comparison.
    ///
    /// @param peer whom the case was measured beside, `none` if there was nobody
    /// @param peerSamplesPerSecond absent without a peer
    /// @param ratio of the two speeds; absent without a peer
    /// @param fractionOfPeak arithmetic per device and second over the most that one core can do,
    ///   which a large matmul of oneDNN shows; absent where there is no oneDNN
    public record Case(
            String name,
            String peer,
            double samplesPerSecond,
            @Nullable Double peerSamplesPerSecond,
            @Nullable Double ratio,
            @Nullable Double fractionOfPeak) {
        /// A case without a peer.
        static Case alone(String name, double samplesPerSecond, @Nullable Double fractionOfPeak) {
            return new Case(name, "none", samplesPerSecond, null, null, fractionOfPeak);
        }

        static Case beside(
                String peer,
                double peerSamplesPerSecond,
                String name,
                double samplesPerSecond,
                @Nullable Double fractionOfPeak) {
            return new Case(
                    name,
                    peer,
                    samplesPerSecond,
                    peerSamplesPerSecond,
                    samplesPerSecond / peerSamplesPerSecond,
                    fractionOfPeak);
        }
    }

    /// The cases as a table.
    public String print() {
        var table = Table.of("case", "samples/s", "peer", "samples/s", "ratio", "of peak");
        for (Case each : cases) {
            table.row(
                    each.name(),
                    number("%,.0f", each.samplesPerSecond()),
                    each.peer(),
                    number("%,.0f", each.peerSamplesPerSecond()),
                    number("%.2f", each.ratio()),
                    percent(each.fractionOfPeak()));
        }
        return table.print();
    }

    private static String number(String format, @Nullable Double value) {
        return value == null ? "" : String.format(Locale.ROOT, format, value);
    }

    private static String percent(@Nullable Double part) {
        return part == null ? "" : number("%.0f%%", 100 * part);
    }

    @Override
    public String toString() {
        return "benchmark of " + cases.size() + " cases";
    }
}
