package dev.partita.compiler.search;

import dev.partita.compiler.cost.ClusterSpec;
import dev.partita.compiler.pipeline.PipelineAction;
import dev.partita.compiler.pipeline.PipelineSchedule;
import dev.partita.compiler.pipeline.ScheduleTimes;
import dev.partita.compiler.pipeline.ScheduleTimes.Timed;
import dev.partita.compiler.pipeline.Schedules;
import dev.partita.compiler.plan.MemoryBytes;
import dev.partita.compiler.simulate.Flops;
import dev.partita.compiler.simulate.Utilisation;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// What a strategy takes for a large model, from small plans of it: the actions of a pipeline from
/// three of its stages, put into the schedule of all of them event by event; without stages, a
/// model of few blocks and micro-batches, continued in a line.
///
/// @param bubble part of the time between its first and last action in which a device does none
/// @param memory of the fullest device, by what it is for
/// @param stage of the fullest device, from 0
public record Estimate(
        Strategy strategy,
        double seconds,
        double bubble,
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
            long globalBatch,
            StageSample sample,
            Flops flops,
            ClusterSpec cluster) {
        int microBatches = Math.toIntExact(strategy.microBatches(globalBatch));
        PipelineSchedule schedule =
                Schedules.of(
                        Schedules.named(strategy.schedule()),
                        strategy.pipe(),
                        microBatches,
                        strategy.chunks() == 1 ? 0 : strategy.chunks());
        int last = schedule.stages() - 1;
        Set<PipelineAction> split = schedule.inputBackwards();
        List<List<Timed>> times =
                ScheduleTimes.run(
                        schedule,
                        action -> {
                            StageSample.Stage stage = sample.stage(action.stage(), last);
                            return switch (action.work()) {
                                case F -> stage.forward();
                                case B ->
                                        stage.backward()
                                                + (split.contains(action) ? 0 : stage.weights());
                                case W -> stage.weights();
                            };
                        },
                        sample.transfer());
        double end = times.stream().mapToDouble(own -> own.getLast().end()).max().orElse(0);
        double seconds = sample.before() + end + sample.after();
        double bubble = 0;
        double cost = 0;
        for (List<Timed> own : times) {
            double whole = own.getLast().end() - own.getFirst().start();
            double busy = own.stream().mapToDouble(t -> t.end() - t.start()).sum();
            if (whole > cost) {
                cost = whole;
                bubble = (whole - busy) / whole;
            }
        }
        List<Integer> deviceOf = schedule.deviceOf();
        MemoryBytes fullest = bytes(List.of(0.0, 0.0, 0.0, 0.0, 0.0));
        int stage = 0;
        for (int device = 0; device < times.size(); device++) {
            List<PipelineAction> actions = schedule.devices().get(device);
            MemoryBytes memory = memory(device, deviceOf, actions, split, sample);
            if (memory.total() > fullest.total()) {
                fullest = memory;
                stage = device;
            }
        }
        return finished(
                new Found(seconds, bubble, fullest, stage), strategy, globalBatch, flops, cluster);
    }

    /// Without stages.
    static Estimate whole(
            Strategy strategy, long globalBatch, WholeSample sample, ClusterSpec cluster) {
        return finished(
                new Found(sample.seconds(), 0, bytes(sample.memory()), 0),
                strategy,
                globalBatch,
                sample.flops(),
                cluster);
    }

    private static MemoryBytes memory(
            int device,
            List<Integer> deviceOf,
            List<PipelineAction> actions,
            Set<PipelineAction> split,
            StageSample sample) {
        int last = deviceOf.size() - 1;
        double kept = 0;
        double most = 0;
        for (PipelineAction action : actions) {
            double bytes = sample.stage(action.stage(), last).kept();
            kept += action.work() == PipelineAction.Work.F ? bytes : 0;
            most = Math.max(most, kept);
            boolean free = action.work() != PipelineAction.Work.F && !split.contains(action);
            kept -= free ? bytes : 0;
        }
        // what the small plan holds besides what micro-batches keep, of each stage of the device
        List<Double> sum = new ArrayList<>(List.of(0.0, 0.0, 0.0, 0.0, 0.0));
        double working = 0;
        for (int stage = 0; stage <= last; stage++) {
            if (deviceOf.get(stage) == device) {
                StageSample.Stage of = sample.stage(stage, last);
                for (int i = 0; i < 3; i++) {
                    sum.set(i, sum.get(i) + of.memory().get(i));
                }
                sum.set(4, sum.get(4) + of.memory().get(4));
                working = Math.max(working, of.memory().get(3) - of.held() * of.kept());
            }
        }
        sum.set(3, Math.max(0, working) + most);
        return bytes(sum);
    }

    static MemoryBytes bytes(List<Double> parts) {
        List<Long> whole = parts.stream().map(Math::round).toList();
        long total = whole.stream().mapToLong(Long::longValue).sum();
        return new MemoryBytes(
                whole.get(0), whole.get(1), whole.get(2), whole.get(3), whole.get(4), 0, total);
    }

    private record Found(double seconds, double bubble, MemoryBytes memory, int stage) {}

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
                found.memory(),
                found.stage(),
                Utilisation.of(flops, found.seconds() * strategy.devices(), cluster.device()));
    }
}
