package dev.partita.compiler.simulate;

import dev.partita.compiler.plan.Step;
import java.util.ArrayList;
import java.util.List;

/// What there is to see of one training step in time, simulated or measured.
///
/// @param seconds from the first start to the last end
/// @param devices for each program of the plan what a device that runs it does when; of a measured
///   step, for each device
public record SimulatedStep(double seconds, List<DeviceTimes> devices) {
    /// The stream on which a device computes.
    public static final String COMPUTE = "compute";

    /// The stream of the times in which a device waits for the end of a collective.
    public static final String WAIT = "wait";

    /// The stream on which a device waits for what another stage sends.
    public static final String WAIT_FOR_STAGE = "wait for a stage";

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
}
