package dev.partita.compiler.search;

import dev.partita.compiler.pipeline.PipelineAction;
import dev.partita.compiler.pipeline.PipelineAction.Work;
import dev.partita.compiler.plan.MemoryBytes;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToDoubleFunction;

/// What a stage needs of a device's memory, in bytes. All of it is about linear in the number of
/// its blocks.
///
/// @param weights as ops read them
/// @param gradients of weights
/// @param optimizer what only the optimizer reads
/// @param buffers of collectives and updates, and what lies between blocks
/// @param whole all that lives for the whole step, the four above for the most part
/// @param examples of a micro-batch, which lie there from the start
/// @param update the most that is needed at once besides `whole` when no micro-batch is on its way
/// @param kept what a micro-batch keeps from its forward to its backward
/// @param owed what it keeps from a backward that leaves the gradients of weights to a `W`
/// @param forward the most that a micro-batch holds in its forward
/// @param backward the same in its backward
/// @param late the same in a `W`
record StageMemory(
        double weights,
        double gradients,
        double optimizer,
        double buffers,
        double whole,
        double examples,
        double update,
        double kept,
        double owed,
        double forward,
        double backward,
        double late) {
    /// This and so many times what `more` takes beyond `less`.
    StageMemory plus(double times, StageMemory more, StageMemory less) {
        return new StageMemory(
                weights + times * (more.weights - less.weights),
                gradients + times * (more.gradients - less.gradients),
                optimizer + times * (more.optimizer - less.optimizer),
                buffers + times * (more.buffers - less.buffers),
                whole + times * (more.whole - less.whole),
                examples + times * (more.examples - less.examples),
                update + times * (more.update - less.update),
                kept + times * (more.kept - less.kept),
                owed + times * (more.owed - less.owed),
                forward + times * (more.forward - less.forward),
                backward + times * (more.backward - less.backward),
                late + times * (more.late - less.late));
    }

    /// The same where so many devices share out what ZeRO splits; what they gather is left out.
    StageMemory shared(int zero, int data) {
        double ofWeights = zero < 3 ? weights : weights / data;
        double ofGradients = zero < 2 ? gradients : gradients / data;
        double ofOptimizer = zero < 1 ? optimizer : optimizer / data;
        double less = (weights - ofWeights) + (gradients - ofGradients) + (optimizer - ofOptimizer);
        return new StageMemory(
                ofWeights,
                ofGradients,
                ofOptimizer,
                buffers,
                whole - less,
                examples,
                zero < 1 ? update : update / data,
                kept,
                owed,
                forward,
                backward,
                late);
    }

    /// What a device needs that has these stages.
    ///
    /// @param own its stages
    /// @param onTheWay the most that its micro-batches hold at once, as [#onTheWay] finds
    static MemoryBytes of(List<StageMemory> own, double onTheWay, int microBatches) {
        long weights = sum(own, StageMemory::weights);
        long gradients = sum(own, StageMemory::gradients);
        long optimizer = sum(own, StageMemory::optimizer);
        double most = onTheWay;
        double whole = 0;
        for (StageMemory stage : own) {
            // the plan of two has the examples of two
            whole += stage.whole + stage.examples * (microBatches - 2);
            most = Math.max(most, stage.update);
        }
        long total = Math.round(whole + most);
        long others = total - weights - gradients - optimizer;
        long buffers = Math.min(Math.max(0, sum(own, StageMemory::buffers)), others);
        return new MemoryBytes(weights, gradients, optimizer, others - buffers, buffers, 0, total);
    }

    private static long sum(List<StageMemory> own, ToDoubleFunction<StageMemory> part) {
        return Math.round(own.stream().mapToDouble(part).sum());
    }

    /// The most that micro-batches hold at once on a device that does these actions.
    ///
    /// @param stages of all devices
    /// @param split backwards that leave the gradients of weights to a `W`
    static double onTheWay(
            List<StageMemory> stages, List<PipelineAction> actions, Set<PipelineAction> split) {
        double most = 0;
        double kept = 0;
        Map<PipelineAction, Double> ofOne = new HashMap<>();
        for (PipelineAction action : actions) {
            StageMemory stage = stages.get(action.stage());
            boolean owes = split.contains(action);
            double needs =
                    switch (action.work()) {
                        case F -> stage.forward;
                        case B -> owes ? stage.backward : Math.max(stage.backward, stage.late);
                        case W -> stage.late;
                    };
            double keeps =
                    switch (action.work()) {
                        case F -> stage.kept;
                        case B -> owes ? stage.owed : 0;
                        case W -> 0;
                    };
            var one = new PipelineAction(action.stage(), Work.F, action.microBatch());
            double others = kept - ofOne.getOrDefault(one, 0.0);
            most = Math.max(most, others + needs);
            kept = others + keeps;
            ofOne.put(one, keeps);
        }
        return most;
    }
}
