package dev.partita.compiler.search;

import dev.partita.compiler.pipeline.PipelineAction;
import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.compiler.plan.Program;
import dev.partita.compiler.plan.Step;
import dev.partita.compiler.simulate.SimulatedStep;
import dev.partita.compiler.simulate.SimulatedStep.ActionSpan;
import dev.partita.compiler.simulate.SimulatedStep.DeviceTimes;
import dev.partita.compiler.simulate.SimulatedStep.Span;
import dev.partita.dsl.mesh.Axis;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// What a stage takes of a device's time and memory. Everything is about linear in the number of
/// its blocks; see [#plus].
///
/// @param before seconds before the first action
/// @param forward seconds
/// @param backward seconds; of the inputs alone where the schedule splits them
/// @param weights seconds of the gradients of weights, where the schedule splits them
/// @param waits seconds of the three in which it waits for communication inside an action
/// @param after seconds in which it works or communicates after its last action
record SampledStage(
        double before,
        double forward,
        double backward,
        double weights,
        double waits,
        double after,
        StageMemory memory) {
    /// The stage of this number in a simulated plan of two micro-batches. The second counts: it
    /// adds to the gradients of the first.
    ///
    /// @param plan whose micro-batches have one example
    /// @param examples of a micro-batch as it was simulated
    static SampledStage of(ExecutionPlan plan, int stage, DeviceTimes times, long examples) {
        Program program = plan.programs().get(stage);
        List<ActionSpan> actions = times.actions();
        double begin = actions.getFirst().start();
        double end = actions.getLast().end();
        return new SampledStage(
                begin - stalls(times, 0, begin),
                busy(actions, stage + "F1"),
                busy(actions, stage + "B1"),
                busy(actions, stage + "W1"),
                waits(times),
                afterwards(program, times, end),
                new RepeatedMemory(program, examples).stage(stage));
    }

    private static double busy(List<ActionSpan> actions, String action) {
        return actions.stream()
                .filter(span -> span.action().equals(action))
                .mapToDouble(ActionSpan::busy)
                .sum();
    }

    private static double stalls(DeviceTimes times, double from, double to) {
        return times.spans().stream()
                .filter(span -> span.stream().equals(SimulatedStep.WAIT_FOR_STAGE))
                .filter(span -> span.start() >= from && span.end() <= to)
                .mapToDouble(Span::seconds)
                .sum();
    }

    private static double waits(DeviceTimes times) {
        return times.spans().stream()
                .filter(span -> span.stream().equals(SimulatedStep.WAIT))
                .filter(span -> span.step().note().action().endsWith("1"))
                .mapToDouble(Span::seconds)
                .sum();
    }

    /// What comes after the last action, but for waiting until other stages have come as far.
    private static double afterwards(Program program, DeviceTimes times, double end) {
        Set<Integer> amongStages = new HashSet<>();
        program.collectives()
                .filter(start ->
                        start.op().axes().stream().map(Axis::name).anyMatch("pipe"::equals))
                .forEach(start -> amongStages.add(start.tag()));
        return times.spans().stream()
                .filter(span -> span.start() >= end)
                .filter(span ->
                        span.stream().equals(SimulatedStep.COMPUTE)
                                || (span.stream().equals(SimulatedStep.WAIT)
                                        && span.step() instanceof Step.Finish finish
                                        && !amongStages.contains(finish.tag())))
                .mapToDouble(Span::seconds)
                .sum();
    }

    /// Seconds of an action of this stage.
    ///
    /// @param split backwards that leave the gradients of weights to a `W`
    double seconds(PipelineAction action, Set<PipelineAction> split) {
        return switch (action.work()) {
            case F -> forward;
            case B -> backward + (split.contains(action) ? 0 : weights);
            case W -> weights;
        };
    }

    /// All that the three actions of a micro-batch take.
    double work() {
        return forward + backward + weights;
    }

    /// The same where so many devices share out what ZeRO splits, but for what they communicate.
    SampledStage shared(int zero, int data) {
        return new SampledStage(
                before,
                forward,
                backward,
                weights,
                waits,
                zero == 0 ? after : after / data,
                memory.shared(zero, data));
    }

    /// This and so many times what `more` takes beyond `less`.
    SampledStage plus(double times, SampledStage more, SampledStage less) {
        return new SampledStage(
                before + times * (more.before - less.before),
                forward + times * (more.forward - less.forward),
                backward + times * (more.backward - less.backward),
                weights + times * (more.weights - less.weights),
                waits + times * (more.waits - less.waits),
                after + times * (more.after - less.after),
                memory.plus(times, more.memory, less.memory));
    }
}
