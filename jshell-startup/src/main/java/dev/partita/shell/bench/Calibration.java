package dev.partita.shell.bench;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.Precision;
import dev.partita.compiler.cost.DeviceSpec;
import dev.partita.compiler.cost.Efficiency;
import dev.partita.compiler.cost.Link;
import dev.partita.compiler.plan.Timeline;
import dev.partita.compiler.plan.Timeline.Span;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.kernels.KernelLibraries;
import dev.partita.kernels.cpu.MatmulCeiling;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Measures what a virtual device of this machine can do, one thread with a core of its own, and
/// says how many cores there are: more devices than that compute as many at a time. Peaks are those
/// of one matmul and one copy; how much of them ops reach is fitted to one step of a GPT on one
/// device (see [StepFit]), and what communication takes to steps of several devices.
public final class Calibration {
    private static final int EXAMPLES = 4;
    private static final int RECORDED = 15;
    private static final long WARM_UP_NANOS = 3_000_000_000L;
    private static final long COPIED = 1L << 26;
    private static final double NANOS = 1e9;

    private Calibration() {}

    /// The description of a device of this machine; takes about a minute.
    ///
    /// @param memoryBytes that all devices share
    public static DeviceSpec measure(String name, long memoryBytes) {
        int cores = Runtime.getRuntime().availableProcessors();
        double copy = copyBytesPerSecond();
        DeviceSpec bare =
                new DeviceSpec(
                        name,
                        memoryBytes,
                        peaks(),
                        copy,
                        1,
                        new Efficiency(1, 1, 0, 1, 0, 1, 0),
                        cores,
                        new Link(0, copy),
                        new Link(0, copy));
        List<Timeline> tiny = record(new Setting(Workload.TINY, 10, Precision.F32, 1));
        double start = medianSpan(tiny);
        Compilation gpt = setting(Workload.GPT, EXAMPLES, 1).compile();
        Efficiency reached = StepFit.of(gpt.plan(), record(gpt, Workload.GPT), bare, start);
        // twice as many as cores, so that they wait for each other as stages do
        int many = 2 * cores;
        double latency = moved(setting(Workload.TINY, 4 * many, many), true);
        Setting pair = setting(Workload.MLP, 16, 2);
        double bytes = largest(record(pair).getFirst()).activity().bytes();
        Link link = new Link(latency, bytes / moved(pair, false));
        return new DeviceSpec(name, memoryBytes, bare.flops(), copy, 1, reached, cores, link, link);
    }

    private static Setting setting(Workload workload, int batch, int devices) {
        return new Setting(workload, batch, Precision.F32, devices);
    }

    /// Of types that no matmul is fast in, those of `f32`.
    private static Map<Dtype, Double> peaks() {
        Map<Dtype, Double> peaks = new EnumMap<>(Dtype.class);
        double single = peak(Dtype.F32).orElse(1e10);
        peaks.put(Dtype.F32, single);
        peaks.put(Dtype.F64, single / 2);
        peaks.put(Dtype.BF16, peak(Dtype.BF16).orElse(single));
        peaks.put(Dtype.F16, single);
        return peaks;
    }

    private static Optional<Double> peak(Dtype dtype) {
        KernelLibraries.cpu().prepareThread();
        return MatmulCeiling.of(dtype)
                .map(matmul -> {
                    try (matmul) {
                        return matmul.arithmetic() / fastest(matmul::step);
                    }
                });
    }

    /// Bytes read and written.
    private static double copyBytesPerSecond() {
        try (var arena = Arena.ofConfined()) {
            MemorySegment from = arena.allocate(COPIED, 64);
            MemorySegment to = arena.allocate(COPIED, 64);
            return 2 * COPIED / fastest(() -> to.copyFrom(from));
        }
    }

    /// Seconds of the fastest of some tries.
    private static double fastest(Runnable work) {
        double least = Double.POSITIVE_INFINITY;
        for (int i = 0; i < RECORDED; i++) {
            long begin = System.nanoTime();
            work.run();
            least = Math.min(least, (System.nanoTime() - begin) / NANOS);
        }
        return least;
    }

    private static List<Timeline> record(Setting setting) {
        return record(setting.compile(), setting.workload());
    }

    private static List<Timeline> record(Compilation compilation, Workload workload) {
        List<Timeline> timelines = new ArrayList<>();
        try (TrainingStep step = TrainingStep.open(compilation, workload.classes())) {
            long end = System.nanoTime() + WARM_UP_NANOS;
            while (System.nanoTime() < end) {
                step.run(1);
            }
            for (int i = 0; i < RECORDED; i++) {
                timelines.add(step.session().record());
            }
        }
        return timelines;
    }

    private static double medianSpan(List<Timeline> timelines) {
        return median(
                timelines.stream()
                        .flatMap(timeline -> timeline.devices().getFirst().spans().stream())
                        .filter(span -> span.stream().equals(Timeline.COMPUTE))
                        .map(Span::seconds)
                        .toList());
    }

    /// What the largest collective of a step takes on the first device.
    ///
    /// @param waiting for the other devices included
    private static double moved(Setting setting, boolean waiting) {
        List<Double> seconds = new ArrayList<>();
        for (Timeline timeline : record(setting)) {
            int step = largest(timeline).activity().step();
            seconds.add(
                    timeline.devices().getFirst().spans().stream()
                            .filter(span -> span.activity().step() == step)
                            .filter(span -> waiting || !Timeline.isWaiting(span.stream()))
                            .mapToDouble(Span::seconds)
                            .sum());
        }
        return median(seconds);
    }

    private static Span largest(Timeline timeline) {
        return timeline.devices().getFirst().spans().stream()
                .filter(span -> !span.stream().equals(Timeline.COMPUTE))
                .filter(span -> !Timeline.isWaiting(span.stream()))
                .max(Comparator.comparingLong(span -> span.activity().bytes()))
                .orElseThrow();
    }

    static double median(List<Double> values) {
        return values.stream().sorted().skip(values.size() / 2).findFirst().orElseThrow();
    }
}
