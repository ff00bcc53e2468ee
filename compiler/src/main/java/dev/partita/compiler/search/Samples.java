package dev.partita.compiler.search;

import dev.partita.compiler.cost.ClusterSpec;
import dev.partita.compiler.plan.ExecutionPlan;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// Small plans of one model on one cluster, each compiled and simulated once, and estimates of
/// large ones from them. Several threads may ask at once.
final class Samples {
    private static final int FEW = 1;
    private static final int MORE = 2;

    private final LayeredModel model;
    private final ClusterSpec cluster;
    private final Map<String, ExecutionPlan> plans = new ConcurrentHashMap<>();
    private final Map<String, StageSample> stages = new ConcurrentHashMap<>();
    private final Map<String, PipelineRun> runs = new ConcurrentHashMap<>();
    private final Map<String, WholeSample> wholes = new ConcurrentHashMap<>();

    Samples(LayeredModel model, ClusterSpec cluster) {
        this.model = model;
        this.cluster = cluster;
    }

    /// How many small plans there are.
    int count() {
        return plans.size() + wholes.size();
    }

    Estimate estimate(Strategy strategy, long globalBatch) {
        return strategy.pipe() == 1
                ? whole(strategy, globalBatch)
                : Estimate.staged(strategy, model.blocks(), globalBatch, stages(strategy), cluster);
    }

    /// What a strategy takes at least, if what it communicates along `data` took no time: from a
    /// small plan on one device along that axis.
    Estimate projection(Strategy strategy, long globalBatch) {
        StageSample alone = stages(strategy.alone());
        int microBatches = Math.toIntExact(strategy.microBatches(globalBatch));
        String key =
                String.join(
                        " ",
                        strategy.alone().ofOneStage(),
                        strategy.schedule(),
                        "" + strategy.pipe(),
                        "" + strategy.chunks(),
                        "" + strategy.microBatch(),
                        "" + microBatches);
        PipelineRun run =
                runs.computeIfAbsent(
                        key,
                        _ ->
                                PipelineRun.of(
                                        strategy.order(microBatches),
                                        alone.stages(strategy, model.blocks()),
                                        alone.transfer()));
        return Estimate.staged(
                strategy,
                model.blocks(),
                globalBatch,
                alone.shared(strategy.zero(), strategy.data()),
                run,
                cluster);
    }

    /// What stages of this kind take.
    StageSample stages(Strategy strategy) {
        String kind = strategy.ofOneStage();
        ExecutionPlan plan = plans.computeIfAbsent(kind, _ -> StageSample.plan(model, strategy));
        return stages.computeIfAbsent(
                kind + " " + strategy.microBatch(),
                _ -> StageSample.of(plan, strategy.microBatch(), strategy.data(), cluster));
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
}
