package dev.partita.compiler.search;

import dev.partita.compiler.pipeline.PipelineAction;
import dev.partita.compiler.pipeline.PipelineAction.Work;
import dev.partita.compiler.pipeline.PipelineSchedule;
import dev.partita.compiler.plan.Binding;
import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.compiler.plan.MemoryBytes;
import dev.partita.compiler.plan.Program;
import dev.partita.compiler.plan.Slot;
import dev.partita.compiler.plan.Step;
import dev.partita.dsl.graph.Reshard;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// What a device of a role does in a step of many micro-batches.
///
/// @param role coordinates of the devices, such as `pipe=3`
/// @param devices how many they are
/// @param steps of all micro-batches
/// @param collectives that it has a part in
/// @param sentBytes what it brings to them
/// @param memory at its fullest
public record RepeatedRole(
        String role,
        int devices,
        long steps,
        long collectives,
        long sentBytes,
        MemoryBytes memory) {
    /// Counts what a program of the plan of two does, with the actions after the second micro-batch
    /// done as that.
    static RepeatedRole of(
            ExecutionPlan two,
            int program,
            List<PipelineAction> actions,
            PipelineSchedule schedule) {
        Program code = two.programs().get(program);
        Map<String, Share> shares = new HashMap<>();
        for (Step step : code.steps()) {
            shares.merge(step.note().action(), Share.of(code, step), Share::plus);
        }
        Share all = shares.getOrDefault("", Share.NONE);
        for (PipelineAction action : actions) {
            all = all.plus(shares.getOrDefault(RepeatedStep.likeIn(action), Share.NONE));
        }
        return new RepeatedRole(
                two.role(program).toString(),
                two.role(program).ranks().size(),
                all.steps(),
                all.collectives(),
                all.bytes(),
                memory(code, actions, schedule));
    }

    private record Share(long steps, long collectives, long bytes) {
        static final Share NONE = new Share(0, 0, 0);

        static Share of(Program program, Step step) {
            return step instanceof Step.Start start
                    ? new Share(
                            1,
                            1,
                            start.sources().stream()
                                    .mapToLong(slot -> program.slot(slot).type().bytes())
                                    .sum())
                    : new Share(1, 0, 0);
        }

        Share plus(Share other) {
            return new Share(
                    steps + other.steps, collectives + other.collectives, bytes + other.bytes);
        }
    }

    private static MemoryBytes memory(
            Program code, List<PipelineAction> actions, PipelineSchedule schedule) {
        Map<Integer, Long> kept = new HashMap<>();
        actions.stream()
                .map(PipelineAction::stage)
                .distinct()
                .forEach(stage -> kept.put(stage, kept(code, stage)));
        long most = most(kept, actions, schedule.inputBackwards());
        // in the plan of two, a device has done with the first micro-batch before the second
        long held = kept.values().stream().mapToLong(Long::longValue).sum();
        long more = most - held + inputs(code) * (schedule.microBatches() - 2) / 2;
        MemoryBytes two = MemoryBytes.of(code);
        return new MemoryBytes(
                two.weights(),
                two.gradients(),
                two.optimizer(),
                two.activations() + more,
                two.buffers(),
                two.total() + more);
    }

    /// The most that micro-batches keep at once.
    private static long most(
            Map<Integer, Long> kept, List<PipelineAction> actions, Set<PipelineAction> split) {
        long now = 0;
        long most = 0;
        for (PipelineAction action : actions) {
            long bytes = kept.getOrDefault(action.stage(), 0L);
            now += action.work() == Work.F ? bytes : 0;
            most = Math.max(most, now);
            boolean last = action.work() != Work.F && !split.contains(action);
            now -= last ? bytes : 0;
        }
        return most;
    }

    /// Examples of both micro-batches, which lie in memory from the start.
    private static long inputs(Program code) {
        return code.bindings(Binding.Input.class)
                .map(input -> code.slot(input.slot()))
                .filter(slot -> slot.type().shape().indexOf("micro-batch") == 0)
                .mapToLong(slot -> slot.type().bytes())
                .sum();
    }

    /// Bytes that the second micro-batch keeps between forward and backward of a stage: what is
    /// written in the one, or sent there, and last read in the other.
    private static long kept(Program code, int stage) {
        Map<Integer, String> first = new HashMap<>();
        Map<Integer, String> last = new HashMap<>();
        for (Step step : code.steps()) {
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
        String forward = PipelineAction.forward(stage, 1).toString();
        String backward = PipelineAction.backward(stage, 1).toString();
        String weights = PipelineAction.weights(stage, 1).toString();
        List<Slot> kept = new ArrayList<>();
        last.forEach((slot, action) -> {
            if ((action.equals(backward) || action.equals(weights))
                    && forward.equals(first.get(slot))) {
                kept.add(code.slot(slot));
            }
        });
        return MemoryBytes.covered(kept);
    }
}
