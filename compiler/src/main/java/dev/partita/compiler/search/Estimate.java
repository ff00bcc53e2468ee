package dev.partita.compiler.search;

import dev.partita.compiler.cost.ClusterSpec;
import dev.partita.compiler.pipeline.PipelineAction;
import dev.partita.compiler.pipeline.PipelineSchedule;
import dev.partita.compiler.pipeline.ScheduleTimes;
import dev.partita.compiler.pipeline.ScheduleTimes.Timed;
import dev.partita.compiler.plan.MemoryBytes;
import dev.partita.compiler.simulate.Flops;
import dev.partita.compiler.simulate.Utilisation;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;

/// What a strategy takes for a large model, from small plans of it: the actions of a pipeline from
/// four of its stages, put into the schedule of all of them event by event; without stages, a model
/// of few blocks and micro-batches, continued in a line.
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
            int blocks,
            long globalBatch,
            StageSample sample,
            ClusterSpec cluster) {
        PipelineSchedule schedule =
                strategy.order(Math.toIntExact(strategy.microBatches(globalBatch)));
        int last = schedule.stages() - 1;
        int each = blocks / (last + 1);
        List<SampledStage> stages =
                IntStream.rangeClosed(0, last)
                        .mapToObj(number -> sample.stage(number, last, each))
                        .toList();
        Set<PipelineAction> split = schedule.inputBackwards();
        List<List<Timed>> times =
                ScheduleTimes.run(
                        schedule,
                        action -> stages.get(action.stage()).seconds(action, split),
                        sample.transfer());
        double end = times.stream().mapToDouble(own -> own.getLast().end()).max().orElse(0);
        int ofDevice = each * strategy.chunks();
        double seconds = sample.before(ofDevice) + end + sample.after(ofDevice);
        List<MemoryBytes> memory = memory(schedule, split, stages);
        int fullest = 0;
        for (int device = 1; device < memory.size(); device++) {
            fullest = memory.get(device).total() > memory.get(fullest).total() ? device : fullest;
        }
        return finished(
                new Found(seconds, RepeatedStep.bubble(times), memory.get(fullest), fullest),
                strategy,
                globalBatch,
                sample.flops(blocks),
                cluster);
    }

    /// What each device needs.
    private static List<MemoryBytes> memory(
            PipelineSchedule schedule, Set<PipelineAction> split, List<SampledStage> stages) {
        List<Map<Integer, StageMemory>> own = new ArrayList<>();
        schedule.devices().forEach(_ -> own.add(new TreeMap<>()));
        List<Integer> deviceOf = schedule.deviceOf();
        for (int stage = 0; stage < stages.size(); stage++) {
            own.get(deviceOf.get(stage)).put(stage, stages.get(stage).memory());
        }
        List<MemoryBytes> memory = new ArrayList<>();
        int microBatches = schedule.microBatches();
        for (int device = 0; device < own.size(); device++) {
            List<PipelineAction> actions = schedule.devices().get(device);
            memory.add(StageMemory.of(own.get(device), actions, split, microBatches));
        }
        return memory;
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
