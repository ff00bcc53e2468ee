package dev.partita.compiler.search;

import dev.partita.compiler.cost.ClusterSpec;
import dev.partita.compiler.plan.MemoryBytes;
import dev.partita.compiler.simulate.Flops;
import dev.partita.compiler.simulate.Utilisation;
import java.util.List;

/// What a strategy takes for a large model, from small plans of it: the actions of a pipeline from
/// four of its stages, put into the schedule of all of them event by event; without stages, a model
/// of few blocks and micro-batches, continued in a line.
///
/// @param bubble part of the time between its first and last action in which a device does none
/// @param waits seconds in which a device waits for collectives inside actions; 0 without stages,
///   where that is not told apart
/// @param memory of the fullest device, by what it is for
/// @param stage of the fullest device, from 0
public record Estimate(
        Strategy strategy,
        double seconds,
        double bubble,
        double waits,
        MemoryBytes memory,
        int stage,
        Utilisation use) {
    /// Estimates one strategy.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException for what cannot be compiled
    public static Estimate of(
            LayeredModel model, Strategy strategy, long globalBatch, ClusterSpec cluster) {
        return new Samples(model, cluster).estimate(strategy, globalBatch);
    }

    /// Of stages, as many as the strategy has.
    static Estimate staged(
            Strategy strategy,
            int blocks,
            long globalBatch,
            StageSample sample,
            ClusterSpec cluster) {
        int microBatches = Math.toIntExact(strategy.microBatches(globalBatch));
        PipelineRun run =
                PipelineRun.of(
                        strategy.order(microBatches),
                        sample.stages(strategy, blocks),
                        sample.transfer());
        return staged(strategy, blocks, globalBatch, sample, run, cluster);
    }

    /// The same where the schedule is known to take so long.
    static Estimate staged(
            Strategy strategy,
            int blocks,
            long globalBatch,
            StageSample sample,
            PipelineRun run,
            ClusterSpec cluster) {
        int each = blocks / strategy.pipe();
        double seconds = sample.before(each) + run.seconds() + sample.after(each);
        List<StageMemory> stages =
                sample.stages(strategy, blocks).stream().map(SampledStage::memory).toList();
        double waits =
                run.microBatches()
                        * strategy.chunks()
                        * sample.stages(strategy, blocks).getLast().waits();
        MemoryBytes fullest = bytes(List.of(0.0, 0.0, 0.0, 0.0, 0.0));
        int stage = 0;
        for (int device = 0; device < strategy.pipe(); device++) {
            MemoryBytes memory =
                    StageMemory.of(
                            run.stagesOf().get(device).stream().map(stages::get).toList(),
                            run.onTheWay().get(device),
                            run.microBatches());
            if (memory.total() > fullest.total()) {
                fullest = memory;
                stage = device;
            }
        }
        return finished(
                new Found(seconds, run.bubble(), waits, fullest, stage),
                strategy,
                globalBatch,
                sample.flops(blocks),
                cluster);
    }

    /// Without stages.
    static Estimate whole(
            Strategy strategy, long globalBatch, WholeSample sample, ClusterSpec cluster) {
        return finished(
                new Found(sample.seconds(), 0, 0, bytes(sample.memory()), 0),
                strategy,
                globalBatch,
                sample.flops(),
                cluster);
    }

    static MemoryBytes bytes(List<Double> parts) {
        List<Long> whole = parts.stream().map(Math::round).toList();
        long total = whole.stream().mapToLong(Long::longValue).sum();
        return new MemoryBytes(
                whole.get(0), whole.get(1), whole.get(2), whole.get(3), whole.get(4), 0, total);
    }

    private record Found(
            double seconds, double bubble, double waits, MemoryBytes memory, int stage) {}

    private static Estimate finished(
            Found found,
            Strategy strategy,
            long globalBatch,
            Flops flopsOfExample,
            ClusterSpec cluster) {
        Flops flops = flopsOfExample.over(1.0 / globalBatch);
        return new Estimate(
                strategy,
                found.seconds(),
                found.bubble(),
                found.waits(),
                found.memory(),
                found.stage(),
                Utilisation.of(flops, found.seconds() * strategy.devices(), cluster.device()));
    }
}
