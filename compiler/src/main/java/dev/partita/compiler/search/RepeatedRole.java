package dev.partita.compiler.search;

import dev.partita.compiler.pipeline.PipelineAction;
import dev.partita.compiler.pipeline.PipelineSchedule;
import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.compiler.plan.MemoryBytes;
import dev.partita.compiler.plan.Program;
import dev.partita.compiler.plan.Step;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

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
        Share all = Share.NONE;
        int repeats = schedule.microBatches() - 1;
        for (Map.Entry<String, Share> share : shares.entrySet()) {
            boolean again = share.getKey().endsWith("1");
            all = all.plus(share.getValue().times(again ? repeats : 1));
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

        Share times(int count) {
            return new Share(count * steps, count * collectives, count * bytes);
        }

        Share plus(Share other) {
            return new Share(
                    steps + other.steps, collectives + other.collectives, bytes + other.bytes);
        }
    }

    private static MemoryBytes memory(
            Program code, List<PipelineAction> actions, PipelineSchedule schedule) {
        long total = Math.round(new RepeatedMemory(code).peak(actions, schedule));
        MemoryBytes two = MemoryBytes.of(code);
        long activations = total - (two.total() - two.activations());
        return new MemoryBytes(
                two.weights(),
                two.gradients(),
                two.optimizer(),
                activations,
                two.buffers(),
                two.shared(),
                total);
    }
}
