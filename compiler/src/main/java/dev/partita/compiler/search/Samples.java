package dev.partita.compiler.search;

import dev.partita.compiler.cost.ClusterSpec;
import java.util.HashMap;
import java.util.Map;

/// Small plans of one model on one cluster, each compiled and simulated once, and estimates of
/// large ones from them.
final class Samples {
    private static final int FEW = 2;
    private static final int MORE = 4;

    private final LayeredModel model;
    private final ClusterSpec cluster;
    private final Map<String, StageSample> stages = new HashMap<>();
    private final Map<String, WholeSample> wholes = new HashMap<>();

    Samples(LayeredModel model, ClusterSpec cluster) {
        this.model = model;
        this.cluster = cluster;
    }

    /// How many small plans there are.
    int count() {
        return stages.size() + wholes.size();
    }

    Estimate estimate(Strategy strategy, long globalBatch) {
        return strategy.pipe() == 1 ? whole(strategy, globalBatch) : staged(strategy, globalBatch);
    }

    private Estimate staged(Strategy strategy, long globalBatch) {
        int blocks = model.blocks() / (strategy.pipe() * strategy.chunks());
        StageSample few = stage(strategy, 1);
        StageSample more = stage(strategy, 2);
        StageSample sample = few.at(blocks, more);
        // of three stages, so many blocks each: as many as the model has
        StageSample all = few.at(model.blocks() / 3.0, more);
        // what happens once a step is as long as a device has blocks, whatever its stages are
        StageSample once = few.at(blocks * (double) strategy.chunks(), more);
        return Estimate.staged(strategy, globalBatch, sample.once(once), all.flops(), cluster);
    }

    private Estimate whole(Strategy strategy, long globalBatch) {
        long microBatches = strategy.microBatches(globalBatch);
        WholeSample sample =
                microBatches <= 3
                        ? whole(strategy, model.blocks(), microBatches)
                        : whole(strategy, model.blocks(), 2)
                                .towards(
                                        whole(strategy, model.blocks(), 3),
                                        (double) microBatches - 2);
        return Estimate.whole(strategy, globalBatch, sample, cluster);
    }

    private WholeSample whole(Strategy strategy, int blocks, long microBatches) {
        if (blocks <= MORE) {
            return sampled(strategy, blocks, microBatches);
        }
        double part = (double) (blocks - FEW) / (MORE - FEW);
        return sampled(strategy, FEW, microBatches)
                .towards(sampled(strategy, MORE, microBatches), part);
    }

    private WholeSample sampled(Strategy strategy, int blocks, long microBatches) {
        return wholes.computeIfAbsent(
                strategy + " " + blocks + " " + microBatches,
                _ -> WholeSample.of(model, strategy, cluster, blocks, microBatches));
    }

    private StageSample stage(Strategy strategy, int blocks) {
        return stages.computeIfAbsent(
                strategy.ofOneStage() + " " + blocks,
                _ -> StageSample.of(model, strategy, cluster, blocks));
    }
}
