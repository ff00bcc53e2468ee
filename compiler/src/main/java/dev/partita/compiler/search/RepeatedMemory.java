package dev.partita.compiler.search;

import dev.partita.compiler.pipeline.PipelineAction;
import dev.partita.compiler.pipeline.PipelineAction.Work;
import dev.partita.compiler.pipeline.PipelineSchedule;
import dev.partita.compiler.plan.Binding;
import dev.partita.compiler.plan.MemoryBytes;
import dev.partita.compiler.plan.Program;
import dev.partita.compiler.plan.Slot;
import dev.partita.compiler.plan.Step;
import dev.partita.dsl.graph.Reshard;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/// The memory of a device that repeats the second micro-batch of a plan of two: what lives for the
/// whole step, what the action at hand takes, and what micro-batches on their way keep from action
/// to action. Alignment and gaps between blocks are not counted.
final class RepeatedMemory {
    private final Program code;
    private final double examples;

    /// For each slot the steps from the first to the last that use it, and their actions.
    private final Map<Integer, Life> lives = new HashMap<>();

    private final Map<List<Object>, Double> bytes = new HashMap<>();

    private record Life(int first, int last, String begun, String ended) {
        Life until(int step, String action) {
            // what is once known by no action keeps the one that it has
            String begins = begun.isEmpty() ? action : begun;
            return new Life(first, Math.max(last, step), begins, action);
        }

        boolean isAlive(int step) {
            return first <= step && step <= last;
        }
    }

    RepeatedMemory(Program code) {
        this(code, 1);
    }

    /// The memory where a micro-batch has so many times the examples that the plan has.
    RepeatedMemory(Program code, double examples) {
        this.code = code;
        this.examples = examples;
        Map<Integer, Step.Start> started = new HashMap<>();
        for (Step step : code.steps()) {
            switch (step) {
                case Step.Compute compute -> {
                    use(compute.reads(), step);
                    use(compute.writes(), step);
                }
                case Step.Start start -> {
                    started.put(start.tag(), start);
                    use(start.sources(), step);
                    use(start.targets(), step);
                }
                case Step.Finish finish -> {
                    Step.Start start = started.get(finish.tag());
                    if (start != null) {
                        use(start.sources(), step);
                        use(start.targets(), step);
                    }
                }
                case Step.RequireFinite require -> use(List.of(require.slot()), step);
            }
        }
        Set<Integer> bound = new HashSet<>();
        code.bindings().forEach(binding -> bound.add(binding.slot()));
        lives.keySet().removeAll(bound);
        // an update writes where the old value lies
        List<Slot> stored = bound.stream().map(code::slot).toList();
        lives.keySet().removeIf(slot -> stored.stream().anyMatch(code.slot(slot)::isWithin));
    }

    private void use(List<Integer> slots, Step step) {
        // what another stage sends is there from the action of this device that reads it
        boolean sent =
                (step instanceof Step.Start start && start.op() instanceof Reshard.Send)
                        || step instanceof Step.Finish;
        String action = sent ? "" : step.note().action();
        for (int slot : slots) {
            Life life = lives.get(slot);
            if (life == null) {
                lives.put(slot, new Life(step.id(), step.id(), action, action));
            } else {
                lives.put(slot, life.until(step.id(), sent ? life.ended() : action));
            }
        }
    }

    /// The most memory at once, over all actions of the device.
    double peak(List<PipelineAction> actions, PipelineSchedule schedule) {
        double most = wholeStep(schedule) + working("", Set.of());
        for (double bytes : inUse(actions, schedule)) {
            most = Math.max(most, bytes);
        }
        return most;
    }

    /// The most memory at once in each action of the device.
    List<Double> inUse(List<PipelineAction> actions, PipelineSchedule schedule) {
        Set<PipelineAction> split = schedule.inputBackwards();
        double whole = wholeStep(schedule);
        List<Double> inUse = new ArrayList<>();
        double kept = 0;
        Map<Integer, Set<String>> doneOf = new HashMap<>();
        for (PipelineAction action : actions) {
            Set<String> done = doneOf.getOrDefault(action.microBatch(), Set.of());
            double others = kept - kept(done);
            double most = 0;
            for (Work work : parts(action, split)) {
                String word = new PipelineAction(action.stage(), work, 1).toString();
                most = Math.max(most, others + working(word, done));
                Set<String> more = new HashSet<>(done);
                more.add(word);
                done = Set.copyOf(more);
            }
            kept = others + kept(done);
            doneOf.put(action.microBatch(), done);
            inUse.add(whole + most);
        }
        return inUse;
    }

    /// What a stage needs that the device has alone.
    StageMemory stage(int stage) {
        String forward = PipelineAction.forward(stage, 1).toString();
        String backward = PipelineAction.backward(stage, 1).toString();
        String weights = PipelineAction.weights(stage, 1).toString();
        MemoryBytes parts = MemoryBytes.of(code);
        return new StageMemory(
                parts.weights(),
                parts.gradients() - parts.shared(),
                parts.optimizer(),
                parts.buffers(),
                ofNoMicroBatch(),
                inputs(),
                working("", Set.of()),
                kept(Set.of(forward)),
                kept(Set.of(forward, backward)),
                working(forward, Set.of()),
                working(backward, Set.of(forward)),
                working(weights, Set.of(forward, backward)));
    }

    /// The actions of the plan of two that do the same; there, backward may be in two parts.
    private List<Work> parts(PipelineAction action, Set<PipelineAction> split) {
        return action.work() == Work.B && !split.contains(action)
                ? List.of(Work.B, Work.W)
                : List.of(action.work());
    }

    /// What no single micro-batch begins and ends, of as many as there are: weights, states, sums,
    /// examples.
    private double wholeStep(PipelineSchedule schedule) {
        return ofNoMicroBatch() + inputs() * (schedule.microBatches() - 2);
    }

    private double ofNoMicroBatch() {
        List<Slot> slots = new ArrayList<>();
        for (Slot slot : code.slots()) {
            Life life = lives.get(slot.id());
            if (life == null || !isOfOne(life)) {
                slots.add(slot);
            }
        }
        return covered(slots);
    }

    private static boolean isOfOne(Life life) {
        return microBatch(life.begun()).equals(microBatch(life.ended()));
    }

    /// What follows the letter of an action. It is asked for every value in every step.
    private static String microBatch(String action) {
        int at = action.length();
        while (at > 0 && "FBW".indexOf(action.charAt(at - 1)) < 0) {
            at--;
        }
        return action.substring(at);
    }

    /// Examples of a micro-batch; those of both lie in memory from the start.
    private double inputs() {
        return code.bindings(Binding.Input.class)
                .map(input -> code.slot(input.slot()))
                .filter(slot -> slot.type().shape().indexOf("micro-batch") == 0)
                .mapToDouble(slot -> examples * slot.type().bytes() / 2)
                .sum();
    }

    /// What a micro-batch holds in an action at its fullest.
    ///
    /// @param done its actions before; in the plan of two, no gradients of weights are put off
    private double working(String action, Set<String> done) {
        return bytes.computeIfAbsent(
                List.of(action, done),
                _ -> {
                    double most = 0;
                    String microBatch = microBatch(action);
                    for (Step step : code.steps()) {
                        if (step.note().action().equals(action)) {
                            most =
                                    Math.max(
                                            most,
                                            covered(life ->
                                                    isOf(life, microBatch)
                                                            && (life.isAlive(step.id())
                                                                    || isKeptThrough(
                                                                            life, done, action))));
                        }
                    }
                    return most;
                });
    }

    /// What a micro-batch keeps that has done these actions.
    private double kept(Set<String> done) {
        return bytes.computeIfAbsent(List.of(done), _ -> covered(life -> isKept(life, done)));
    }

    private static boolean isKept(Life life, Set<String> done) {
        return done.contains(life.begun()) && isOf(life, "1") && !done.contains(life.ended());
    }

    private static boolean isKeptThrough(Life life, Set<String> done, String action) {
        return isKept(life, done) && !life.ended().equals(action);
    }

    private static boolean isOf(Life life, String microBatch) {
        return isOfOne(life) && microBatch(life.begun()).equals(microBatch);
    }

    private double covered(Predicate<Life> which) {
        List<Slot> slots = new ArrayList<>();
        lives.forEach((slot, life) -> {
            if (which.test(life)) {
                slots.add(code.slot(slot));
            }
        });
        return covered(slots);
    }

    /// Bytes that these take together, where views lie inside of what they show.
    private double covered(List<Slot> slots) {
        double bytes = 0;
        long reach = 0;
        slots.sort(Comparator.comparingLong(Slot::offset).thenComparingLong(slot -> -slot.end()));
        for (Slot slot : slots) {
            long own = Math.max(0, slot.end() - Math.max(reach, slot.offset()));
            bytes += MicroBatchSize.isOfExamples(slot) ? examples * own : own;
            reach = Math.max(reach, slot.end());
        }
        return bytes;
    }
}
