package dev.partita.compiler.pipeline;

import dev.partita.compiler.pipeline.PipelineAction.Work;
import dev.partita.dsl.graph.Printed;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;

/// Which device does what in which order, for every stage and micro-batch of a training step. A
/// stage lives on one device; a device may have several. Built only if every device can finish; see
/// [ScheduleVerifier].
///
/// @param devices for each device its actions, in order
public record PipelineSchedule(List<List<PipelineAction>> devices) implements Printed {
    /// @throws dev.partita.dsl.problem.ProblemException `ScheduleRejected`
    public PipelineSchedule {
        devices = devices.stream().map(List::copyOf).toList();
        ScheduleVerifier.verify(devices);
    }

    /// Reads what [#print] writes.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `InvalidArgument` for a word that is no
    ///   action, `ScheduleRejected` for a schedule that cannot run
    public static PipelineSchedule parse(String text) {
        List<List<PipelineAction>> devices = new ArrayList<>();
        for (String line : text.lines().toList()) {
            String actions = line.replaceFirst("#.*", "").strip();
            if (!actions.isEmpty()) {
                devices.add(
                        List.of(actions.split("\\s+")).stream()
                                .map(PipelineAction::parse)
                                .toList());
            }
        }
        return new PipelineSchedule(devices);
    }

    /// Number of stages, over all devices.
    public int stages() {
        return 1 + largest(devices, PipelineAction::stage);
    }

    /// Number of micro-batches of a step.
    public int microBatches() {
        return 1 + largest(devices, PipelineAction::microBatch);
    }

    /// Stages per device, if all devices have as many; rounded up otherwise.
    public int chunks() {
        return Math.ceilDiv(stages(), devices.size());
    }

    /// For each stage the device it lives on.
    public List<Integer> deviceOf() {
        Map<Integer, Integer> device = new HashMap<>();
        for (int d = 0; d < devices.size(); d++) {
            for (PipelineAction action : devices.get(d)) {
                device.putIfAbsent(action.stage(), d);
            }
        }
        List<Integer> all = new ArrayList<>();
        int stages = stages();
        for (int stage = 0; stage < stages; stage++) {
            all.add(device.getOrDefault(stage, 0));
        }
        return List.copyOf(all);
    }

    /// The backward actions that compute the gradients of inputs alone: those with a `W` of their
    /// own.
    public Set<PipelineAction> inputBackwards() {
        Set<PipelineAction> split = new HashSet<>();
        for (List<PipelineAction> actions : devices) {
            for (PipelineAction action : actions) {
                if (action.work() == Work.W) {
                    split.add(PipelineAction.backward(action.stage(), action.microBatch()));
                }
            }
        }
        return split;
    }

    /// All actions in one order that every device keeps and in which nothing comes before what it
    /// reads.
    public List<PipelineAction> inOrder() {
        return ScheduleVerifier.walk(devices).stream().flatMap(List::stream).toList();
    }

    /// The schedule of two micro-batches on the same devices, of which the second begins when the
    /// first has gone through all stages and back.
    public PipelineSchedule ofTwo() {
        List<Integer> deviceOf = deviceOf();
        Set<Integer> split =
                inputBackwards().stream().map(PipelineAction::stage).collect(Collectors.toSet());
        List<List<PipelineAction>> two = new ArrayList<>();
        devices.forEach(_ -> two.add(new ArrayList<>()));
        for (int k = 0; k < 2; k++) {
            for (int stage = 0; stage < deviceOf.size(); stage++) {
                two.get(deviceOf.get(stage)).add(PipelineAction.forward(stage, k));
            }
            for (int stage = deviceOf.size() - 1; stage >= 0; stage--) {
                List<PipelineAction> own = two.get(deviceOf.get(stage));
                own.add(PipelineAction.backward(stage, k));
                if (split.contains(stage)) {
                    own.add(PipelineAction.weights(stage, k));
                }
            }
        }
        return new PipelineSchedule(two);
    }

    private static int largest(
            List<List<PipelineAction>> devices, ToIntFunction<PipelineAction> number) {
        return devices.stream().flatMap(List::stream).mapToInt(number).max().orElse(-1);
    }

    /// One line a device.
    @Override
    public String print() {
        return devices.stream()
                .map(actions ->
                        actions.stream()
                                .map(PipelineAction::toString)
                                .collect(Collectors.joining(" ", "", "\n")))
                .collect(Collectors.joining());
    }

    /// In one line of at most 80 characters.
    @Override
    public String toString() {
        return "schedule of %d stages on %d devices, %d micro-batches"
                .formatted(stages(), devices.size(), microBatches());
    }
}
