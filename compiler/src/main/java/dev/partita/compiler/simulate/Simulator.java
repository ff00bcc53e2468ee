package dev.partita.compiler.simulate;

import dev.partita.compiler.cost.ClusterSpec;
import dev.partita.compiler.cost.ComputeCost;
import dev.partita.compiler.cost.MessageCost;
import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.compiler.plan.Program;
import dev.partita.compiler.plan.Step;
import dev.partita.compiler.plan.Timeline;
import dev.partita.compiler.simulate.SimulatedStep.DeviceTimes;
import dev.partita.compiler.simulate.SimulatedStep.Span;
import dev.partita.dsl.graph.Reshard;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Runs a plan on paper, event by event: one compute stream and, per set of axes, one communication
/// stream a device. A collective starts when all of its members have started it and their streams
/// are free, and whoever finishes it waits for its end. What is sent goes as soon as the sender has
/// it, and occupies neither device's compute stream; each direction between two devices is a stream
/// of its own.
///
/// Devices that run one program do the same at the same time, so each program is simulated once, as
/// its first rank. Where devices share the cores of a CPU, those that compute at the same time slow
/// each other down as soon as they are more than cores.
public final class Simulator {
    private final ExecutionPlan plan;
    private final ClusterSpec cluster;
    private final ComputeCost cost;
    private final List<Device> devices = new ArrayList<>();
    private final Map<Integer, Meeting> meetings = new HashMap<>();
    private double time;
    private double speed = 1;

    private Simulator(ExecutionPlan plan, ClusterSpec cluster, ComputeCost cost) {
        this.plan = plan;
        this.cluster = cluster;
        this.cost = cost;
        for (int program = 0; program < plan.programs().size(); program++) {
            devices.add(new Device(program, plan.programOf().indexOf(program)));
        }
    }

    /// The times of a plan on a cluster.
    public static SimulatedStep run(ExecutionPlan plan, ClusterSpec cluster) {
        return run(plan, cluster, cluster.roofline());
    }

    /// The times of a plan on a cluster, where steps cost what `cost` says.
    public static SimulatedStep run(ExecutionPlan plan, ClusterSpec cluster, ComputeCost cost) {
        return new Simulator(plan, cluster, cost).run();
    }

    private SimulatedStep run() {
        while (true) {
            goOn();
            share();
            double next = Double.POSITIVE_INFINITY;
            for (Device device : devices) {
                next = Math.min(next, device.until());
            }
            if (next == Double.POSITIVE_INFINITY) {
                break;
            }
            time = next;
        }
        for (Device device : devices) {
            if (device.next < device.steps.size()) {
                throw new IllegalArgumentException(
                        "rank " + device.rank + " waits for ever at step " + device.next);
            }
        }
        return new SimulatedStep(time, devices.stream().map(Device::times).toList());
    }

    /// Lets every device do what it can at this moment.
    private void goOn() {
        boolean moved = true;
        while (moved) {
            moved = false;
            for (Device device : devices) {
                moved |= device.goOn();
            }
        }
    }

    /// Shares the cores among those that compute now.
    private void share() {
        if (cluster.device().cores() == 0) {
            return;
        }
        double computing = 0;
        for (Device device : devices) {
            // one device stands for all that run its program
            computing += device.running == null ? 0 : device.alike;
        }
        double now = Math.min(1, cluster.device().cores() / Math.max(1, computing));
        if (now != speed) {
            for (Device device : devices) {
                if (device.running != null) {
                    device.end = time + (device.end - time) * speed / now;
                }
            }
            speed = now;
        }
    }

    /// One collective: which programs take part, who has come, and when it ends.
    private static final class Meeting {
        final List<Integer> programs;
        final boolean sent;
        final double seconds;
        final Map<Integer, Double> ready = new HashMap<>();
        double end = Double.POSITIVE_INFINITY;

        Meeting(List<Integer> programs, boolean sent, double seconds) {
            this.programs = programs;
            this.sent = sent;
            this.seconds = seconds;
        }

        boolean isComplete() {
            return ready.keySet().containsAll(programs);
        }
    }

    private final class Device {
        final int program;
        final int rank;
        final int alike;
        final List<Step> steps;
        final Map<Integer, Step> starts = new HashMap<>();
        final Map<String, Double> free = new LinkedHashMap<>();
        final List<Span> spans = new ArrayList<>();
        int next;
        Step.@Nullable Compute running;
        double begin;
        double end;
        double waits = Double.NaN;
        double computing;

        Device(int program, int rank) {
            this.program = program;
            this.rank = rank;
            this.alike = plan.role(program).ranks().size();
            this.steps = plan.programs().get(program).steps();
            code().collectives().forEach(start -> starts.put(start.tag(), start));
        }

        private Program code() {
            return plan.programs().get(program);
        }

        /// When this device has something to do again, by what is known now.
        double until() {
            if (running != null) {
                return end;
            }
            boolean waits = next < steps.size() && steps.get(next) instanceof Step.Finish;
            return waits ? endOf(steps.get(next)) : Double.POSITIVE_INFINITY;
        }

        /// Goes on to the next step that takes time, or that waits.
        boolean goOn() {
            boolean moved = false;
            if (running != null && end <= time) {
                spans.add(new Span(running, SimulatedStep.COMPUTE, begin, time));
                computing += time - begin;
                running = null;
                moved = true;
            }
            while (running == null && next < steps.size() && perform(steps.get(next))) {
                next++;
                moved = true;
            }
            return moved;
        }

        private boolean perform(Step step) {
            switch (step) {
                case Step.Compute compute -> {
                    double seconds = cost.seconds(code(), compute);
                    if (seconds > 0) {
                        running = compute;
                        begin = time;
                        end = time + seconds / speed;
                    }
                }
                case Step.Start start -> start(start);
                case Step.Finish finish -> {
                    return await(finish);
                }
                case Step.RequireFinite _ -> {}
            }
            return true;
        }

        private boolean await(Step.Finish finish) {
            boolean over = endOf(finish) <= time;
            if (over && !Double.isNaN(waits)) {
                spans.add(new Span(finish, waiting(finish), waits, time));
                waits = Double.NaN;
            } else if (!over && Double.isNaN(waits)) {
                waits = time;
            }
            return over;
        }

        private String waiting(Step.Finish finish) {
            Meeting meeting = meetings.get(finish.tag());
            return meeting != null && meeting.sent
                    ? SimulatedStep.WAIT_FOR_STAGE
                    : SimulatedStep.WAIT;
        }

        private double endOf(Step step) {
            Meeting meeting =
                    step instanceof Step.Finish finish ? meetings.get(finish.tag()) : null;
            return meeting == null ? Double.POSITIVE_INFINITY : meeting.end;
        }

        private void start(Step.Start step) {
            boolean sends = step.op() instanceof Reshard.Send;
            if (sends && step.sources().isEmpty()) {
                return;
            }
            Meeting meeting = meetings.computeIfAbsent(step.tag(), _ -> meeting(step));
            String stream = Timeline.stream(step.op());
            meeting.ready.put(program, Math.max(time, free.getOrDefault(stream, 0.0)));
            if (sends || meeting.isComplete()) {
                double start =
                        meeting.ready.values().stream()
                                .mapToDouble(Double::doubleValue)
                                .max()
                                .orElse(time);
                meeting.end = start + meeting.seconds;
                for (int each : meeting.programs) {
                    Device device = devices.get(each);
                    device.free.put(stream, meeting.end);
                    Step own = device.starts.getOrDefault(step.tag(), step);
                    device.spans.add(new Span(own, stream, start, meeting.end));
                }
            }
        }

        private Meeting meeting(Step.Start step) {
            List<Integer> group = plan.participants(rank, step.op());
            double bytes = Math.max(bytes(step.sources()), bytes(step.targets()));
            return new Meeting(
                    group.stream().map(plan.programOf()::get).distinct().toList(),
                    step.op() instanceof Reshard.Send,
                    MessageCost.seconds(step.op(), bytes, group, cluster));
        }

        private double bytes(List<Integer> slots) {
            return slots.stream().mapToDouble(slot -> code().slot(slot).type().bytes()).sum();
        }

        DeviceTimes times() {
            return new DeviceTimes(rank, computing, spans);
        }
    }
}
