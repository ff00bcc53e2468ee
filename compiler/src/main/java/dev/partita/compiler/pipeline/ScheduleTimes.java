package dev.partita.compiler.pipeline;

import dev.partita.compiler.pipeline.PipelineAction.Work;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToDoubleFunction;

/// When every action of a schedule runs, event by event: a device does its actions in order, each
/// as soon as the device is free and what it reads has arrived. Nothing is estimated.
///
/// @param actions for each device its actions, in order, with their times
public record ScheduleTimes(
        PipelineSchedule schedule, Durations durations, List<List<Timed>> actions) {
    /// An action from `start` to `end`.
    public record Timed(PipelineAction action, double start, double end) {}

    public ScheduleTimes {
        actions = actions.stream().map(List::copyOf).toList();
    }

    /// The times of a schedule.
    public static ScheduleTimes of(PipelineSchedule schedule, Durations durations) {
        Set<PipelineAction> inputsAlone = schedule.inputBackwards();
        int chunks = schedule.chunks();
        List<List<Timed>> times =
                run(
                        schedule,
                        action -> durations.of(action.work(), inputsAlone.contains(action), chunks),
                        durations.transfer());
        return new ScheduleTimes(schedule, durations, times);
    }

    /// When every action runs, where each takes a time of its own.
    ///
    /// @param seconds of an action, in any unit
    /// @param transfer from one device to another, in that unit
    /// @return for each device its actions, in order
    public static List<List<Timed>> run(
            PipelineSchedule schedule, ToDoubleFunction<PipelineAction> seconds, double transfer) {
        int stages = schedule.stages();
        List<Integer> deviceOf = schedule.deviceOf();
        List<List<Timed>> times = new ArrayList<>();
        schedule.devices().forEach(_ -> times.add(new ArrayList<>()));
        Map<PipelineAction, Double> ends = new HashMap<>();
        boolean moved = true;
        while (moved) {
            moved = false;
            for (int device = 0; device < times.size(); device++) {
                List<PipelineAction> own = schedule.devices().get(device);
                List<Timed> done = times.get(device);
                while (done.size() < own.size()) {
                    PipelineAction action = own.get(done.size());
                    List<PipelineAction> needs = ScheduleVerifier.needs(action, stages);
                    if (!ends.keySet().containsAll(needs)) {
                        break;
                    }
                    double start = done.isEmpty() ? 0 : done.getLast().end();
                    for (PipelineAction need : needs) {
                        boolean sent = deviceOf.get(need.stage()) != device;
                        double arrives = ends.getOrDefault(need, 0.0) + (sent ? transfer : 0);
                        start = Math.max(start, arrives);
                    }
                    double end = start + seconds.applyAsDouble(action);
                    done.add(new Timed(action, start, end));
                    ends.put(action, end);
                    moved = true;
                }
            }
        }
        return times;
    }

    /// From the first start to the last end of the device that takes longest.
    public double cost() {
        return actions.stream()
                .filter(own -> !own.isEmpty())
                .mapToDouble(own -> own.getLast().end() - own.getFirst().start())
                .max()
                .orElse(0);
    }

    /// From the first start to the last end of all.
    public double makespan() {
        return actions.stream().flatMap(List::stream).mapToDouble(Timed::end).max().orElse(0);
    }

    /// The part of [#cost] in which that device does nothing, as Qi et al. 2023 count it: `(cost -
    /// m(F + B + W)) / cost`.
    public double bubbleRate() {
        double work = schedule.microBatches() * durations.work();
        return cost() == 0 ? 0 : (cost() - work) / cost();
    }

    /// For each device the most micro-batches whose activations it keeps at once, from their
    /// forward to the last backward action that reads them. A micro-batch in one of several stages
    /// counts as that part of one.
    public List<Double> peakActivations() {
        Set<PipelineAction> inputsAlone = schedule.inputBackwards();
        List<Double> peaks = new ArrayList<>();
        for (List<PipelineAction> own : schedule.devices()) {
            int kept = 0;
            int most = 0;
            for (PipelineAction action : own) {
                kept += action.work() == Work.F ? 1 : 0;
                most = Math.max(most, kept);
                boolean last = action.work() != Work.F && !inputsAlone.contains(action);
                kept -= last ? 1 : 0;
            }
            peaks.add((double) most / schedule.chunks());
        }
        return List.copyOf(peaks);
    }
}
