package dev.partita.compiler.simulate;

import dev.partita.compiler.plan.Activity;
import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.compiler.plan.Program;
import dev.partita.compiler.plan.Step;
import dev.partita.compiler.plan.Timeline;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// What the simulator foretells of one training step.
///
/// @param seconds from the first start to the last end
/// @param devices for each program of the plan what a device that runs it does when
public record SimulatedStep(double seconds, List<DeviceTimes> devices) {
    /// The stream on which a device computes.
    public static final String COMPUTE = Timeline.COMPUTE;

    /// The stream of the times in which a device waits for the end of a collective.
    public static final String WAIT = Timeline.WAIT;

    /// The stream on which a device waits for what another stage sends.
    public static final String WAIT_FOR_STAGE = Timeline.WAIT_FOR_STAGE;

    public SimulatedStep {
        devices = List.copyOf(devices);
    }

    /// What one device does.
    ///
    /// @param rank the first device of the program
    /// @param computing seconds in which it computes
    /// @param spans of each stream in order
    public record DeviceTimes(int rank, double computing, List<Span> spans) {
        public DeviceTimes {
            spans = List.copyOf(spans);
        }

        /// What it computes, in order.
        public List<Span> computes() {
            return spans.stream().filter(span -> span.stream().equals(COMPUTE)).toList();
        }

        /// When each step of the program begins; what takes no time, when the one before it ends.
        List<Double> starts(Program program) {
            var starts = new Double[program.steps().size()];
            for (Span span : spans) {
                boolean own = span.stream().equals(COMPUTE) || Timeline.isWaiting(span.stream());
                if (own) {
                    starts[span.step().id()] = span.start();
                    if (span.step().id() + 1 < starts.length) {
                        starts[span.step().id() + 1] = span.end();
                    }
                }
            }
            double before = 0;
            for (int i = 0; i < starts.length; i++) {
                before = starts[i] == null ? before : starts[i];
                starts[i] = before;
            }
            return List.of(starts);
        }

        /// The actions of a pipeline's schedule, in order; none without stages.
        public List<ActionSpan> actions() {
            List<ActionSpan> actions = new ArrayList<>();
            for (Span span : spans) {
                String word = span.step().note().action();
                boolean works =
                        span.stream().equals(COMPUTE)
                                || (span.stream().equals(WAIT) && !actions.isEmpty());
                if (word.isEmpty() || !works) {
                    continue;
                }
                boolean goesOn = !actions.isEmpty() && actions.getLast().action().equals(word);
                ActionSpan begun =
                        goesOn
                                ? actions.removeLast()
                                : new ActionSpan(word, span.start(), span.end(), 0);
                actions.add(
                        new ActionSpan(
                                word, begun.start(), span.end(), begun.busy() + span.seconds()));
            }
            return List.copyOf(actions);
        }
    }

    /// A step of the plan from `start` to `end`, in seconds from the beginning of the training
    /// step.
    ///
    /// @param step of the plan; of a collective its start, of a wait its finish
    /// @param stream [#COMPUTE], [#WAIT], [#WAIT_FOR_STAGE], or the axes that a collective goes
    ///   over
    public record Span(Step step, String stream, double start, double end) {
        /// What is done, as the plan prints it.
        public String what() {
            return switch (step) {
                case Step.Compute compute -> compute.op().toString();
                case Step.Start start -> start.op().toString();
                case Step.Finish finish -> "wait for #" + finish.tag();
                case Step.RequireFinite require -> "require-finite " + require.what();
            };
        }

        public double seconds() {
            return end - start;
        }
    }

    /// An action of a pipeline's schedule from its first to its last computation.
    ///
    /// @param action such as `2F0`
    /// @param busy seconds in which the device computes, or waits for communication inside the
    ///   action, such as that of tensor parallelism; not those in which it waits for other stages
    public record ActionSpan(String action, double start, double end, double busy) {}

    /// The part of the step in which the device that computes longest does not compute.
    public double idle() {
        double most = devices.stream().mapToDouble(DeviceTimes::computing).max().orElse(0);
        return seconds == 0 ? 0 : 1 - most / seconds;
    }

    /// The part in which a device does no action of the schedule, of the time between the first
    /// start and the last end of its actions, for the device where that time is longest (the bubble
    /// rate of Qi et al. 2023, on actions of unequal length). None without stages.
    public double bubble() {
        double cost = 0;
        double bubble = 0;
        for (DeviceTimes device : devices) {
            List<ActionSpan> actions = device.actions();
            if (!actions.isEmpty()) {
                double whole = actions.getLast().end() - actions.getFirst().start();
                if (whole > cost) {
                    double busy = actions.stream().mapToDouble(ActionSpan::busy).sum();
                    cost = whole;
                    bubble = (whole - busy) / whole;
                }
            }
        }
        return bubble;
    }

    /// The same as it is drawn, and laid beside what was measured.
    ///
    /// @param plan that was simulated
    /// @param name of the timeline
    public Timeline timeline(ExecutionPlan plan, String name) {
        List<Timeline.Device> drawn = new ArrayList<>();
        for (int i = 0; i < devices.size(); i++) {
            drawn.add(
                    timeline(
                            plan.programs().get(i),
                            devices.get(i),
                            plan.role(i).toString(),
                            plan.role(i).ranks().size()));
        }
        return new Timeline(name, seconds, drawn);
    }

    private static Timeline.Device timeline(
            Program program, DeviceTimes device, String role, int alike) {
        List<Activity> activities = Activity.of(program);
        List<Timeline.Span> spans =
                device.spans().stream()
                        .map(span ->
                                new Timeline.Span(
                                        span.stream(),
                                        activities.get(span.step().id()),
                                        span.start(),
                                        span.end()))
                        .sorted(Comparator.comparingDouble(Timeline.Span::start))
                        .toList();
        return new Timeline.Device(
                role,
                device.rank(),
                alike,
                spans,
                Timeline.Memory.of(program, device.starts(program)::get));
    }
}
