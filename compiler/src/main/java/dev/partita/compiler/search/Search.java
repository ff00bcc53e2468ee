package dev.partita.compiler.search;

import dev.partita.compiler.Precision;
import dev.partita.compiler.Recompute;
import dev.partita.compiler.cost.ClusterSpec;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Which strategy trains a model fastest on a cluster: every way to use the devices, the most
/// promising first (branch and bound; Land and Doig 1960). A strategy is met up to three times,
/// each time with a bound on its step that is closer and takes longer to find: from what a block
/// takes at its tensor size; from its schedule, event by event, with the stages of a small plan on
/// one device along `data`; and from a small plan of itself. What is left when the next bound is
/// longer than the step of the last that is wanted cannot be among them.
///
/// What saves memory that is there, and takes time, is not looked at: ZeRO beyond a stage that
/// fits, recomputation where none fits, tensor without sequence parallelism where both fit.
public final class Search {
    /// Strategies that are ranked.
    private static final int RANKED = 5;

    /// Candidates that are looked at together, on as many threads as there are.
    private static final int TOGETHER = 6;

    /// A projection that fills less of the memory than this is sure to fit.
    private static final double SURE = 0.97;

    private final LayeredModel model;
    private final long globalBatch;
    private final ClusterSpec cluster;
    private final SearchSpace space;
    private final Samples samples;
    private final Map<Strategy, Estimate> found = new HashMap<>();
    private final List<Rejected> rejected = new ArrayList<>();

    private Search(
            LayeredModel model,
            int devices,
            long globalBatch,
            Precision precision,
            ClusterSpec cluster) {
        this.model = model.asked();
        this.globalBatch = globalBatch;
        this.cluster = cluster;
        this.space = new SearchSpace(this.model, devices, globalBatch, precision);
        this.samples = new Samples(this.model, cluster);
    }

    /// Finds the fastest strategies.
    ///
    /// @param devices of the cluster, all of which are to be used
    /// @param globalBatch examples of a step
    /// @throws dev.partita.dsl.problem.ProblemException `InvalidArgument` without a device or an
    ///   example, `OutOfMemory` if nothing fits
    public static SearchResult of(
            LayeredModel model,
            int devices,
            long globalBatch,
            Precision precision,
            ClusterSpec cluster) {
        if (devices < 1 || globalBatch < 1) {
            throw Problem.of(
                            ProblemCode.INVALID_ARGUMENT,
                            "A step has at least one device and one example.")
                    .fact("devices", devices)
                    .fact("examples", globalBatch)
                    .fix("for example 64 devices and 512 examples")
                    .exception();
        }
        return new Search(model, devices, globalBatch, precision, cluster).run();
    }

    /// A strategy and what its step takes at least.
    ///
    /// @param projected from its schedule and a small plan of its stages, once that is known
    private record Candidate(Strategy strategy, double bound, Optional<Estimate> projected) {}

    private SearchResult run() {
        long begin = System.nanoTime();
        List<Strategy> legal = new ArrayList<>();
        space.visit(
                new SearchSpace.Sink() {
                    @Override
                    public void legal(Strategy strategy) {
                        legal.add(strategy);
                    }

                    @Override
                    public void illegal(Rejected each) {
                        rejected.add(each);
                    }
                });
        // the small plans that bounds come from
        legal.stream().map(this::base).distinct().toList().parallelStream()
                .forEach(samples::stages);
        var queue = new PriorityQueue<>(Comparator.comparingDouble(Candidate::bound));
        legal.forEach(each -> queue.add(new Candidate(each, bound(each), Optional.empty())));
        while (!queue.isEmpty() && queue.peek().bound() < wanted()) {
            List<Candidate> batch = new ArrayList<>();
            while (batch.size() < TOGETHER && !queue.isEmpty()) {
                batch.add(queue.remove());
            }
            prepare(batch);
            batch.parallelStream().map(this::look).toList().forEach(look -> look.accept(queue));
        }
        List<Estimate> ranked =
                found.values().stream()
                        .sorted(
                                Comparator.comparingDouble(Estimate::seconds)
                                        .thenComparingLong(each -> each.memory().total()))
                        .toList();
        if (ranked.isEmpty()) {
            throw nothingFits();
        }
        var slower = new Slower(ranked.getFirst(), cluster);
        ranked.stream().skip(RANKED).map(slower::than).forEach(rejected::add);
        queue.forEach(left ->
                rejected.add(
                        left.projected()
                                .map(slower::than)
                                .orElseGet(() -> slower.than(left.strategy(), left.bound()))));
        return new SearchResult(
                model.name(),
                globalBatch,
                cluster,
                ranked.stream().limit(RANKED).toList(),
                rejected,
                samples.count(),
                (System.nanoTime() - begin) / 1e9);
    }

    /// Compiles the small plans that these are read from, each once and side by side.
    private void prepare(List<Candidate> batch) {
        batch.stream()
                .map(each ->
                        each.projected().isPresent() ? each.strategy() : each.strategy().alone())
                .filter(each -> each.pipe() > 1 && isOpen(each))
                .collect(Collectors.toMap(Strategy::ofOneStage, each -> each, (a, _) -> a))
                .values()
                .parallelStream()
                .forEach(samples::stages);
    }

    /// True unless another strategy decides against this one before a plan of it is looked at.
    private static boolean isOpen(Strategy strategy) {
        return strategy.tensor() == 1 || strategy.sequenceParallel();
    }

    /// The step of the last that would be ranked.
    private double wanted() {
        return found.values().stream()
                .map(Estimate::seconds)
                .sorted()
                .skip(RANKED - 1L)
                .findFirst()
                .orElse(Double.POSITIVE_INFINITY);
    }

    /// What follows from a look at a candidate, to be noted when all that were looked at together
    /// are done.
    private interface Look {
        void accept(PriorityQueue<Candidate> queue);
    }

    private Look look(Candidate candidate) {
        Strategy strategy = candidate.strategy();
        long has = cluster.device().memoryBytes();
        if (candidate.projected().isPresent()) {
            Estimate estimate = samples.estimate(strategy, globalBatch);
            return estimate.memory().total() > has
                    ? _ -> rejected.add(Rejected.ofMemory(estimate, has))
                    : _ -> found.put(strategy, estimate);
        }
        Optional<Rejected> early = withoutPlan(strategy, has);
        if (early.isPresent()) {
            return _ -> rejected.add(early.get());
        }
        Estimate projected = samples.projection(strategy, globalBatch);
        return projected.memory().total() > has
                ? _ -> rejected.add(Rejected.ofMemory(projected, has))
                : queue ->
                        queue.add(
                                new Candidate(
                                        strategy,
                                        Math.max(candidate.bound(), projected.seconds()),
                                        Optional.of(projected)));
    }

    /// What another strategy that differs in one thing tells of this one.
    private Optional<Rejected> withoutPlan(Strategy strategy, long has) {
        if (strategy.tensor() > 1 && !strategy.sequenceParallel()) {
            Estimate less = samples.projection(strategy.sequenceParallel(true), globalBatch);
            if (less.memory().total() > has) {
                return Optional.of(Rejected.ofMemory(less, has).of(strategy));
            }
        }
        return lighter(strategy)
                .map(other -> samples.projection(other, globalBatch))
                .filter(other -> other.memory().total() < SURE * has)
                .findFirst()
                .map(fits -> Rejected.ofNeedless(strategy, fits, has));
    }

    /// What does less than a strategy and takes more memory.
    private static Stream<Strategy> lighter(Strategy strategy) {
        List<Strategy> lighter = new ArrayList<>();
        for (int zero = 1; zero < strategy.zero(); zero++) {
            lighter.add(strategy.zero(zero));
        }
        if (!strategy.recompute().equals(Recompute.none())) {
            lighter.add(strategy.recompute(Recompute.none()));
        }
        if (strategy.tensor() > 1 && !strategy.sequenceParallel()) {
            lighter.add(strategy.sequenceParallel(true));
        }
        return lighter.stream();
    }

    /// Of the small plans with this tensor size the one that has least to do.
    private Strategy base(Strategy strategy) {
        return new Strategy(
                1,
                strategy.tensor(),
                1,
                1,
                strategy.tensor() > 1,
                0,
                "1f1b",
                strategy.microBatch(),
                Recompute.none(),
                strategy.precision());
    }

    /// A step takes at least what a device has to do that has the last stage, and what the stages
    /// before it do first and last where backward is whole.
    private double bound(Strategy strategy) {
        StageSample sample = samples.stages(base(strategy));
        int count = strategy.pipe() * strategy.chunks();
        int blocks = model.blocks() / count;
        SampledStage last = sample.stage(count - 1, count - 1, blocks);
        SampledStage block = sample.stage(1, Math.max(2, count - 1), blocks);
        double one = last.work() + (strategy.chunks() - 1) * block.work();
        if (strategy.recompute().equals(Recompute.full())) {
            // all blocks but the last of the model
            one += strategy.chunks() * block.forward() * (1 - 1.0 / model.blocks());
        }
        boolean fills = strategy.pipe() > 1 && !strategy.isSplit() && !isV(strategy);
        double fill = fills ? (strategy.pipe() - 1) * block.work() : 0;
        return strategy.microBatches(globalBatch) * one + fill;
    }

    /// True where the first and the last stage share a device.
    private static boolean isV(Strategy strategy) {
        return strategy.schedule().endsWith("-v");
    }

    private RuntimeException nothingFits() {
        Rejected nearest =
                rejected.stream()
                        .filter(each -> each.kind() == Rejected.Kind.MEMORY)
                        .min(Comparator.comparingDouble(Rejected::missing))
                        .or(() -> rejected.stream().findFirst())
                        .orElseThrow();
        return Problem.of(
                        ProblemCode.OUT_OF_MEMORY,
                        "No way to use these devices fits into their memory.")
                .fact("devices", space.devices() + " " + cluster.device().name())
                .fact("strategies", rejected.size())
                .fact("the nearest", nearest)
                .fix("more devices, or devices with more memory")
                .exception();
    }
}
