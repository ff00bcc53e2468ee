package dev.partita.shell.bench;

import dev.partita.compiler.plan.MemoryBytes;
import dev.partita.shell.draw.BarChart;
import dev.partita.shell.draw.BarChart.Bar;
import dev.partita.shell.draw.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// What the comparison of strategies found; its JSON is what other programs read.
///
/// @param cases one for each strategy, one device first
public record StrategyResult(
        String model, String data, int batch, int epochs, List<StrategyCase> cases) {
    private static final List<String> CAUSES =
            List.of("weights", "optimizer", "gradients", "activations", "buffers");

    public StrategyResult {
        cases = List.copyOf(cases);
    }

    /// One strategy.
    ///
    /// @param peer one device, or `none` for one device itself
    /// @param samplesPerSecond from the median of the steps of the second half
    /// @param ratio of the two speeds
    /// @param fractionOfPeak arithmetic of the first device and second over the most that one core
    ///   can do; absent where there is no oneDNN
    /// @param secondsPerEpoch at the same speed
    /// @param utilisation for each device the part of the steps' time in which it worked and did
    ///   not wait for others
    /// @param peakBytesPerDevice measured
    /// @param memoryBytesPerDevice what each device's memory is for, planned
    /// @param finalLoss mean of the last steps
    /// @param testAccuracy after the last step
    public record StrategyCase(
            String name,
            String peer,
            double samplesPerSecond,
            @Nullable Double peerSamplesPerSecond,
            @Nullable Double ratio,
            @Nullable Double fractionOfPeak,
            int devices,
            double secondsPerEpoch,
            List<Double> utilisation,
            List<Long> peakBytesPerDevice,
            List<MemoryBytes> memoryBytesPerDevice,
            double finalLoss,
            double testAccuracy) {
        public StrategyCase {
            utilisation = List.copyOf(utilisation);
            peakBytesPerDevice = List.copyOf(peakBytesPerDevice);
            memoryBytesPerDevice = List.copyOf(memoryBytesPerDevice);
        }
    }

    /// The cases as a table, device by device.
    public Table table() {
        var table =
                Table.of(
                        "strategy",
                        "s/epoch",
                        "speed-up",
                        "memory of each device, MB",
                        "busy",
                        "loss",
                        "accuracy");
        for (StrategyCase each : cases) {
            table.row(
                    each.name(),
                    text("%.2f", each.secondsPerEpoch()),
                    text("%.2f", each.ratio() == null ? 1 : each.ratio()),
                    joined(each.peakBytesPerDevice(), bytes -> text("%.1f", bytes / 1e6)),
                    joined(each.utilisation(), part -> text("%.0f%%", 100 * part)),
                    text("%.4f", each.finalLoss()),
                    text("%.2f%%", 100 * each.testAccuracy()));
        }
        return table;
    }

    private static <T> String joined(List<T> values, Function<T, String> text) {
        return values.stream().map(text).collect(Collectors.joining(" / "));
    }

    private static String text(String format, double value) {
        return String.format(Locale.ROOT, format, value);
    }

    /// Time, memory by cause, and how busy each device was.
    public List<BarChart> charts() {
        List<Bar> seconds = new ArrayList<>();
        List<Bar> memory = new ArrayList<>();
        List<Bar> busy = new ArrayList<>();
        for (StrategyCase each : cases) {
            seconds.add(
                    new Bar(
                            each.name(),
                            "",
                            List.of(each.secondsPerEpoch()),
                            text("%.2f s", each.secondsPerEpoch())));
            for (int device = 0; device < each.devices(); device++) {
                String name = each.devices() == 1 ? "" : "device " + device;
                MemoryBytes bytes = each.memoryBytesPerDevice().get(device);
                memory.add(
                        new Bar(
                                each.name(),
                                name,
                                parts(bytes),
                                text("%.1f MB", bytes.total() / 1e6)));
                if (device < each.utilisation().size()) {
                    double part = each.utilisation().get(device);
                    busy.add(new Bar(each.name(), name, List.of(part), text("%.0f%%", 100 * part)));
                }
            }
        }
        return List.of(
                new BarChart("Seconds per epoch", List.of("seconds"), seconds),
                new BarChart("Memory of each device by what it is for", CAUSES, memory),
                new BarChart("Part of the time in which a device works", List.of("busy"), busy));
    }

    private static List<Double> parts(MemoryBytes bytes) {
        return List.of(
                (double) bytes.weights(),
                (double) bytes.optimizer(),
                (double) (bytes.gradients() - bytes.shared()),
                (double) bytes.activations(),
                (double) bytes.buffers());
    }

    @Override
    public String toString() {
        return "comparison of " + cases.size() + " strategies";
    }
}
