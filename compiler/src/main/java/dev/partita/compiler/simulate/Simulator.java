package dev.partita.compiler.simulate;

import dev.partita.compiler.cost.ClusterSpec;
import dev.partita.compiler.cost.ComputeCost;
import dev.partita.compiler.cost.MessageCost;
import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.compiler.plan.Program;
import dev.partita.compiler.plan.Step;
import dev.partita.compiler.simulate.SimulatedStep.DeviceTimes;
import dev.partita.compiler.simulate.SimulatedStep.Span;
import dev.partita.dsl.mesh.Axis;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// Runs a plan on paper: one compute stream and, per set of axes, one communication stream a
/// device; a collective starts when all of its members have started it and their streams are free,
/// and whoever finishes it waits for its end. Devices that run one program do the same at the same
/// time, so each program is simulated once, as its first rank.
public final class Simulator {
    private final ExecutionPlan plan;
    private final ClusterSpec cluster;
    private final List<Device> devices = new ArrayList<>();
    private final Map<Integer, Meeting> meetings = new HashMap<>();

    private Simulator(ExecutionPlan plan, ClusterSpec cluster) {
        this.plan = plan;
        this.cluster = cluster;
        for (int program = 0; program < plan.programs().size(); program++) {
            devices.add(new Device(program, plan.programOf().indexOf(program)));
        }
    }

    /// The times of a plan on a cluster.
    public static SimulatedStep run(ExecutionPlan plan, ClusterSpec cluster) {
        return new Simulator(plan, cluster).run();
    }

    private SimulatedStep run() {
        boolean moved = true;
        while (moved) {
            moved = false;
            for (Device device : devices) {
                moved |= device.advance();
            }
        }
        for (Device device : devices) {
            if (device.next < device.steps.size()) {
                throw new IllegalArgumentException(
                        "rank " + device.rank + " waits for ever at step " + device.next);
            }
        }
        double end = devices.stream().mapToDouble(d -> d.now).max().orElse(0);
        return new SimulatedStep(end, devices.stream().map(Device::times).toList());
    }

    /// One collective: which programs take part, who has come, and when it ends.
    private static final class Meeting {
        final List<Integer> programs;
        final double seconds;
        final Map<Integer, Double> ready = new HashMap<>();
        double end = Double.NaN;

        Meeting(List<Integer> programs, double seconds) {
            this.programs = programs;
            this.seconds = seconds;
        }

        boolean isComplete() {
            return ready.keySet().containsAll(programs);
        }
    }

    private final class Device {
        final int program;
        final int rank;
        final List<Step> steps;
        final Map<String, Double> free = new LinkedHashMap<>();
        final List<Span> spans = new ArrayList<>();
        int next;
        double now;
        double computing;

        Device(int program, int rank) {
            this.program = program;
            this.rank = rank;
            this.steps = plan.programs().get(program).steps();
        }

        private Program code() {
            return plan.programs().get(program);
        }

        /// Goes on until a collective that others have not come to.
        boolean advance() {
            int before = next;
            while (next < steps.size() && perform(steps.get(next))) {
                next++;
            }
            return next > before;
        }

        private boolean perform(Step step) {
            switch (step) {
                case Step.Compute compute -> compute(compute);
                case Step.Start start -> start(start);
                case Step.Finish finish -> {
                    Meeting meeting = meetings.get(finish.tag());
                    if (meeting == null || Double.isNaN(meeting.end)) {
                        return false;
                    }
                    now = Math.max(now, meeting.end);
                }
                case Step.RequireFinite _ -> {}
            }
            return true;
        }

        private void compute(Step.Compute step) {
            double seconds = ComputeCost.seconds(code(), step, cluster.device());
            if (seconds > 0) {
                spans.add(span(step.id(), "compute", step.op().toString(), now, now + seconds));
                now += seconds;
                computing += seconds;
            }
        }

        private void start(Step.Start step) {
            Meeting meeting = meetings.computeIfAbsent(step.tag(), _ -> meeting(step));
            meeting.ready.put(program, Math.max(now, free.getOrDefault(stream(step), 0.0)));
            if (meeting.isComplete()) {
                double start =
                        meeting.ready.values().stream()
                                .mapToDouble(Double::doubleValue)
                                .max()
                                .orElse(now);
                meeting.end = start + meeting.seconds;
                for (int each : meeting.programs) {
                    Device device = devices.get(each);
                    device.free.put(stream(step), meeting.end);
                    device.spans.add(
                            span(
                                    step.id(),
                                    stream(step),
                                    step.op().toString(),
                                    start,
                                    meeting.end));
                }
            }
        }

        private Meeting meeting(Step.Start step) {
            List<Integer> group = plan.participants(rank, step.op());
            double bytes = Math.max(bytes(step.sources()), bytes(step.targets()));
            return new Meeting(
                    group.stream().map(plan.programOf()::get).distinct().toList(),
                    MessageCost.seconds(step.op(), bytes, group, cluster));
        }

        private double bytes(List<Integer> slots) {
            return slots.stream().mapToDouble(slot -> code().slot(slot).type().bytes()).sum();
        }

        DeviceTimes times() {
            return new DeviceTimes(rank, computing, spans);
        }
    }

    private static Span span(int step, String stream, String what, double start, double end) {
        return new Span(step, stream, what, start, end);
    }

    private static String stream(Step.Start step) {
        return step.op().axes().stream().map(Axis::name).collect(Collectors.joining(" x "));
    }
}
