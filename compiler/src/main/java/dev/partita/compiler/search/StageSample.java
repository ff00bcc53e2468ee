package dev.partita.compiler.search;

import dev.partita.compiler.Compiler;
import dev.partita.compiler.cost.ClusterSpec;
import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.compiler.plan.MemoryBytes;
import dev.partita.compiler.plan.Program;
import dev.partita.compiler.plan.Slot;
import dev.partita.compiler.plan.Step;
import dev.partita.compiler.simulate.Flops;
import dev.partita.compiler.simulate.SimulatedStep;
import dev.partita.compiler.simulate.SimulatedStep.ActionSpan;
import dev.partita.compiler.simulate.SimulatedStep.DeviceTimes;
import dev.partita.compiler.simulate.Simulator;
import dev.partita.dsl.graph.Reshard;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What stages of so many blocks take, seen in a plan of three of them: the first, one of those
/// between, and the last, two micro-batches each. Everything in it is about linear in the number of
/// blocks of a stage; see [#at].
///
/// @param blocks of a stage
/// @param before seconds before the first action
/// @param after seconds after the last action
/// @param transfer seconds of what is sent from stage to stage
/// @param flops floating-point operations of an example
/// @param stages the first, a middle and the last
record StageSample(
        double blocks,
        double before,
        double after,
        double transfer,
        Flops flops,
        List<Stage> stages) {
    private static final int STAGES = 3;

    /// Micro-batches of the plan.
    static final int MICRO_BATCHES = 2;

    StageSample {
        stages = List.copyOf(stages);
    }

    /// One stage.
    ///
    /// @param forward seconds
    /// @param backward seconds; of the inputs alone where the schedule splits them
    /// @param weights seconds of the gradients of weights, where the schedule splits them
    /// @param kept bytes that a micro-batch keeps between forward and backward
    /// @param memory of the device, in the plan of three stages
    /// @param held micro-batches that it keeps there at once
    record Stage(
            double forward,
            double backward,
            double weights,
            double kept,
            List<Double> memory,
            double held) {
        Stage {
            memory = List.copyOf(memory);
        }

        private Stage towards(Stage other, double part) {
            List<Double> between = new ArrayList<>();
            for (int i = 0; i < memory.size(); i++) {
                between.add(line(memory.get(i), other.memory.get(i), part));
            }
            return new Stage(
                    line(forward, other.forward, part),
                    line(backward, other.backward, part),
                    line(weights, other.weights, part),
                    line(kept, other.kept, part),
                    between,
                    held);
        }
    }

    /// Compiles and simulates three stages of so many blocks.
    static StageSample of(LayeredModel model, Strategy strategy, ClusterSpec cluster, int blocks) {
        LayeredModel small = model.withBlocks(STAGES * blocks);
        ExecutionPlan plan =
                Compiler.compile(small.model(), strategy.sample(small, STAGES, MICRO_BATCHES))
                        .plan();
        SimulatedStep step = Simulator.run(plan, cluster);
        double begin = Double.POSITIVE_INFINITY;
        double end = 0;
        List<Stage> stages = new ArrayList<>();
        for (DeviceTimes device : step.devices()) {
            List<ActionSpan> actions = device.actions();
            begin = Math.min(begin, actions.getFirst().start());
            end = Math.max(end, actions.getLast().end());
            stages.add(stage(plan.program(device.rank()), actions));
        }
        double transfer =
                step.devices().getFirst().spans().stream()
                        .filter(span -> span.stream().startsWith("pipe 0 to 1"))
                        .mapToDouble(SimulatedStep.Span::seconds)
                        .min()
                        .orElse(0);
        double examples = (double) MICRO_BATCHES * strategy.microBatch() * strategy.data();
        return new StageSample(
                blocks,
                begin,
                step.seconds() - end,
                transfer,
                Flops.of(plan).over(examples),
                stages);
    }

    /// The last micro-batch counts: it adds to the gradients of those before.
    private static Stage stage(Program program, List<ActionSpan> actions) {
        Map<Character, Double> seconds = new LinkedHashMap<>();
        for (ActionSpan action : actions) {
            String word = action.action();
            if (word.endsWith(Integer.toString(MICRO_BATCHES - 1))) {
                char work = word.replaceAll("[0-9]", "").charAt(0);
                seconds.merge(work, action.busy(), Double::sum);
            }
        }
        double held = 0;
        double most = 0;
        for (ActionSpan action : actions) {
            held += action.action().contains("F") ? 1 : action.action().contains("B") ? -1 : 0;
            most = Math.max(most, held);
        }
        MemoryBytes memory = MemoryBytes.of(program);
        return new Stage(
                seconds.getOrDefault('F', 0.0),
                seconds.getOrDefault('B', 0.0),
                seconds.getOrDefault('W', 0.0),
                kept(program),
                List.of(
                        (double) memory.weights(),
                        (double) (memory.gradients() - memory.shared()),
                        (double) memory.optimizer(),
                        (double) memory.activations(),
                        (double) memory.buffers()),
                most);
    }

    /// Bytes that the first micro-batch keeps between its forward and its backward: what is written
    /// in the one, or sent there, and last read in the other.
    static long kept(Program program) {
        Map<Integer, String> first = new LinkedHashMap<>();
        Map<Integer, String> last = new LinkedHashMap<>();
        for (Step step : program.steps()) {
            String action = step.note().action();
            switch (step) {
                case Step.Compute compute -> {
                    compute.reads().forEach(slot -> first.putIfAbsent(slot, action));
                    compute.reads().forEach(slot -> last.put(slot, action));
                    compute.writes().forEach(slot -> first.putIfAbsent(slot, action));
                }
                case Step.Start start -> {
                    start.sources().forEach(slot -> last.put(slot, action));
                    if (!(start.op() instanceof Reshard.Send)) {
                        start.targets().forEach(slot -> first.putIfAbsent(slot, action));
                    }
                }
                case Step.Finish _, Step.RequireFinite _ -> {}
            }
        }
        List<Slot> kept = new ArrayList<>();
        last.forEach((slot, action) -> {
            boolean backward = action.endsWith("B0") || action.endsWith("W0");
            if (backward && first.getOrDefault(slot, "").endsWith("F0")) {
                kept.add(program.slot(slot));
            }
        });
        return union(kept);
    }

    private static long union(List<Slot> slots) {
        long bytes = 0;
        long reach = 0;
        for (Slot slot :
                slots.stream().sorted((a, b) -> Long.compare(a.offset(), b.offset())).toList()) {
            bytes += Math.max(0, slot.end() - Math.max(reach, slot.offset()));
            reach = Math.max(reach, slot.end());
        }
        return bytes;
    }

    /// Stages of another number of blocks, on the line through this and `other`.
    StageSample at(double wanted, StageSample other) {
        double part = (wanted - blocks) / (other.blocks - blocks);
        List<Stage> there = new ArrayList<>();
        for (int i = 0; i < stages.size(); i++) {
            there.add(stages.get(i).towards(other.stages.get(i), part));
        }
        return new StageSample(
                wanted,
                line(before, other.before, part),
                line(after, other.after, part),
                line(transfer, other.transfer, part),
                flops.towards(other.flops, part),
                there);
    }

    /// The same with what another takes before and after its actions.
    StageSample once(StageSample other) {
        return new StageSample(blocks, other.before, other.after, transfer, flops, stages);
    }

    /// What one of `last + 1` stages takes.
    Stage stage(int number, int last) {
        return stages.get(number == 0 ? 0 : number == last ? 2 : 1);
    }

    static double line(double from, double to, double part) {
        return from + part * (to - from);
    }
}
