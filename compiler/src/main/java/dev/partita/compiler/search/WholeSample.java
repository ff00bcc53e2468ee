package dev.partita.compiler.search;

import dev.partita.compiler.Compiler;
import dev.partita.compiler.cost.ClusterSpec;
import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.compiler.plan.MemoryBytes;
import dev.partita.compiler.simulate.Flops;
import dev.partita.compiler.simulate.Simulator;
import java.util.ArrayList;
import java.util.List;

/// What a model of few blocks takes without stages, for few micro-batches. About linear in both.
///
/// @param memory of a device: weights, gradients, optimizer, activations, buffers
/// @param flops floating-point operations of an example
record WholeSample(double seconds, List<Double> memory, Flops flops) {
    WholeSample {
        memory = List.copyOf(memory);
    }

    static WholeSample of(
            LayeredModel model,
            Strategy strategy,
            ClusterSpec cluster,
            int blocks,
            long microBatches) {
        LayeredModel small = model.withBlocks(blocks);
        ExecutionPlan plan =
                Compiler.compile(small.model(), strategy.sample(small, microBatches)).plan();
        double examples = (double) microBatches * strategy.microBatch() * strategy.data();
        return new WholeSample(
                Simulator.run(plan, cluster).seconds(),
                parts(plan.memoryBytes()),
                Flops.of(plan).over(examples));
    }

    static List<Double> parts(MemoryBytes memory) {
        return List.of(
                (double) memory.weights(),
                (double) (memory.gradients() - memory.shared()),
                (double) memory.optimizer(),
                (double) memory.activations(),
                (double) memory.buffers());
    }

    /// On the line from this to `other`.
    WholeSample towards(WholeSample other, double part) {
        List<Double> between = new ArrayList<>();
        for (int i = 0; i < memory.size(); i++) {
            between.add(line(memory.get(i), other.memory.get(i), part));
        }
        return new WholeSample(
                line(seconds, other.seconds, part), between, flops.towards(other.flops, part));
    }

    private static double line(double from, double to, double part) {
        return from + part * (to - from);
    }
}
