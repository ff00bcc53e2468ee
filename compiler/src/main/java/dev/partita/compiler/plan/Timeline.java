package dev.partita.compiler.plan;

import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.mesh.Axis;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntToDoubleFunction;
import java.util.stream.Collectors;

/// What devices do in one training step and when, foretold by the simulator or measured: the same
/// form for both, so that they can be laid side by side.
///
/// @param name how it came about: `predicted on zen4-2-cores`, `measured`
/// @param seconds from the first start to the last end
/// @param devices of the plan; of those that do the same perhaps one for all
public record Timeline(String name, double seconds, List<Device> devices) {
    /// The stream on which a device computes.
    public static final String COMPUTE = "compute";

    /// The stream of the times in which a device waits for the end of a collective.
    public static final String WAIT = "wait";

    /// The stream of the times in which a device waits for what another stage sends.
    public static final String WAIT_FOR_STAGE = "wait for a stage";

    public Timeline {
        devices = List.copyOf(devices);
    }

    /// One device.
    ///
    /// @param name its rank, or the role of all that do the same
    /// @param rank its rank, or the first of theirs
    /// @param alike how many do the same
    /// @param spans by start
    /// @param memory how full it is, in time
    public record Device(String name, int rank, int alike, List<Span> spans, List<Memory> memory) {
        public Device {
            spans = List.copyOf(spans);
            memory = List.copyOf(memory);
        }

        /// The steps of the program that it does on a stream, in the order in which it does them.
        public List<Integer> order(String stream) {
            return spans.stream()
                    .filter(span -> span.stream().equals(stream))
                    .map(span -> span.activity().step())
                    .toList();
        }

        /// True for spans that are actions of a pipeline's schedule, or part of one.
        public boolean isScheduled() {
            return spans.stream().anyMatch(span -> !span.activity().action().isEmpty());
        }

        /// Memory that it needs.
        public long peakBytes() {
            return memory.stream().mapToLong(m -> m.bytes().total()).max().orElse(0);
        }
    }

    /// What a device does on one of its streams from `start` to `end`, in seconds from the
    /// beginning of the training step.
    ///
    /// @param stream [#COMPUTE], [#WAIT], [#WAIT_FOR_STAGE], or the axes that a collective goes
    ///   over
    public record Span(String stream, Activity activity, double start, double end) {
        public double seconds() {
            return end - start;
        }
    }

    /// What is in use from a moment on.
    ///
    /// @param at seconds from the beginning of the training step
    public record Memory(double at, MemoryCurve.Moment bytes) {
        /// The memory of a program in time.
        ///
        /// @param start when each of its steps begins
        public static List<Memory> of(Program program, IntToDoubleFunction start) {
            List<Memory> memory = new ArrayList<>();
            for (MemoryCurve.Moment moment : MemoryCurve.of(program).moments()) {
                memory.add(new Memory(start.applyAsDouble(moment.step()), moment));
            }
            return memory;
        }
    }

    /// The stream of a collective: the axes, and for what is sent also where it goes, since both
    /// directions of a link are free of each other.
    public static String stream(Reshard.Collective op) {
        String axes = op.axes().stream().map(Axis::name).collect(Collectors.joining(" x "));
        return op instanceof Reshard.Send(var _, int from, int to)
                ? axes + " " + from + " to " + to
                : axes;
    }

    /// `predicted` or `measured`: the first word of its name.
    public String word() {
        int end = name.indexOf(' ');
        return end < 0 ? name : name.substring(0, end);
    }

    /// True for a stream on which a device only waits.
    public static boolean isWaiting(String stream) {
        return stream.equals(WAIT) || stream.equals(WAIT_FOR_STAGE);
    }

    @Override
    public String toString() {
        return "timeline %s: %.4g s, %,d devices, %,d spans"
                .formatted(
                        name,
                        seconds,
                        devices.size(),
                        devices.stream().mapToInt(device -> device.spans().size()).sum());
    }
}
