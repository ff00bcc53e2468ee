package dev.partita.compiler.search;

import dev.partita.compiler.pipeline.PipelineAction;
import dev.partita.compiler.pipeline.PipelineSchedule;
import dev.partita.compiler.pipeline.ScheduleTimes;
import dev.partita.compiler.pipeline.ScheduleTimes.Timed;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/// A schedule with what stages take: how long it is, and what micro-batches on their way hold.
///
/// @param seconds from the first action to the last end
/// @param bubble of [RepeatedStep#bubble]
/// @param onTheWay for each device the most bytes that its micro-batches hold at once
/// @param stagesOf for each device its stages
/// @param microBatches of a step
record PipelineRun(
        double seconds,
        double bubble,
        List<Double> onTheWay,
        List<List<Integer>> stagesOf,
        int microBatches) {
    PipelineRun {
        onTheWay = List.copyOf(onTheWay);
        stagesOf = stagesOf.stream().map(List::copyOf).toList();
    }

    static PipelineRun of(PipelineSchedule schedule, List<SampledStage> stages, double transfer) {
        Set<PipelineAction> split = schedule.inputBackwards();
        List<List<Timed>> times =
                ScheduleTimes.run(
                        schedule,
                        action -> stages.get(action.stage()).seconds(action, split),
                        transfer);
        List<StageMemory> memory = stages.stream().map(SampledStage::memory).toList();
        List<Double> onTheWay = new ArrayList<>();
        List<List<Integer>> stagesOf = new ArrayList<>();
        List<Integer> deviceOf = schedule.deviceOf();
        for (int device = 0; device < schedule.devices().size(); device++) {
            onTheWay.add(StageMemory.onTheWay(memory, schedule.devices().get(device), split));
            int own = device;
            stagesOf.add(
                    IntStream.range(0, stages.size())
                            .filter(stage -> deviceOf.get(stage) == own)
                            .boxed()
                            .toList());
        }
        return new PipelineRun(
                times.stream().mapToDouble(own -> own.getLast().end()).max().orElse(0),
                RepeatedStep.bubble(times),
                onTheWay,
                stagesOf,
                schedule.microBatches());
    }
}
