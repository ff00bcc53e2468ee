package dev.partita.compiler.pipeline;

import dev.partita.compiler.pipeline.PipelineAction.Work;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Proves that a schedule is whole and that no device waits for ever. It walks all devices at once:
/// in each step every device whose next action has what it needs does it. What is sent is buffered,
/// so sending never waits.
final class ScheduleVerifier {
    private final List<List<PipelineAction>> devices;
    private final Set<PipelineAction> all = new HashSet<>();
    private final Map<PipelineAction, Integer> deviceOf = new HashMap<>();
    private int stages;
    private int microBatches;

    private ScheduleVerifier(List<List<PipelineAction>> devices) {
        this.devices = devices;
    }

    /// Checks a schedule.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `ScheduleRejected`, with the grid of steps
    ///   and devices where it stops
    static void verify(List<List<PipelineAction>> devices) {
        var verifier = new ScheduleVerifier(devices);
        verifier.collect();
        verifier.requireWhole();
        verifier.walk();
    }

    private void collect() {
        Map<Integer, Integer> home = new HashMap<>();
        for (int device = 0; device < devices.size(); device++) {
            for (PipelineAction action : devices.get(device)) {
                stages = Math.max(stages, action.stage() + 1);
                microBatches = Math.max(microBatches, action.microBatch() + 1);
                Integer other = home.putIfAbsent(action.stage(), device);
                if (other != null && other != device) {
                    throw rejected("A stage lives on two devices.")
                            .fact("stage", action.stage())
                            .fact("devices", other + " and " + device)
                            .fix("give all its actions to one of them")
                            .exception();
                }
                if (!all.add(action)) {
                    throw rejected("A schedule does one action twice.")
                            .fact("action", action)
                            .fact("device", device)
                            .fix("drop one of the two")
                            .exception();
                }
                deviceOf.put(action, device);
            }
        }
        if (all.isEmpty()) {
            throw rejected("A schedule has no action.").fix("0F0 0B0").exception();
        }
    }

    private void requireWhole() {
        for (int stage = 0; stage < stages; stage++) {
            for (int microBatch = 0; microBatch < microBatches; microBatch++) {
                require(PipelineAction.forward(stage, microBatch));
                require(PipelineAction.backward(stage, microBatch));
            }
        }
    }

    private void require(PipelineAction action) {
        if (!all.contains(action)) {
            throw rejected("A schedule leaves out an action.")
                    .fact("missing", action)
                    .fact("stages", stages)
                    .fact("micro-batches", microBatches)
                    .fix("every stage does F and B once for every micro-batch, from 0")
                    .exception();
        }
    }

    private void walk() {
        Set<PipelineAction> done = new HashSet<>();
        int[] next = new int[devices.size()];
        List<List<PipelineAction>> steps = new ArrayList<>();
        while (done.size() < all.size()) {
            List<PipelineAction> step = new ArrayList<>();
            for (int device = 0; device < devices.size(); device++) {
                PipelineAction action = at(device, next);
                if (action != null && missing(action, done).isEmpty()) {
                    step.add(action);
                }
            }
            if (step.isEmpty()) {
                throw stuck(next, done, steps);
            }
            for (PipelineAction action : step) {
                done.add(action);
                next[deviceOf.getOrDefault(action, 0)]++;
            }
            steps.add(step);
        }
    }

    private @Nullable PipelineAction at(int device, int[] next) {
        List<PipelineAction> actions = devices.get(device);
        return next[device] < actions.size() ? actions.get(next[device]) : null;
    }

    /// What `action` reads that is not there yet.
    private Optional<PipelineAction> missing(PipelineAction action, Set<PipelineAction> done) {
        return needs(action, stages).stream().filter(a -> !done.contains(a)).findFirst();
    }

    /// What an action reads: of its own stage and of the neighbour it hears from.
    static List<PipelineAction> needs(PipelineAction action, int stages) {
        int stage = action.stage();
        int microBatch = action.microBatch();
        return switch (action.work()) {
            case F ->
                    stage == 0 ? List.of() : List.of(PipelineAction.forward(stage - 1, microBatch));
            case B -> {
                PipelineAction own = PipelineAction.forward(stage, microBatch);
                yield stage == stages - 1
                        ? List.of(own)
                        : List.of(own, PipelineAction.backward(stage + 1, microBatch));
            }
            case W -> List.of(PipelineAction.backward(stage, microBatch));
        };
    }

    private RuntimeException stuck(
            int[] next, Set<PipelineAction> done, List<List<PipelineAction>> steps) {
        Problem problem = rejected("A schedule stops: every device waits for another.");
        for (int device = 0; device < devices.size(); device++) {
            PipelineAction action = at(device, next);
            if (action != null) {
                PipelineAction need = missing(action, done).orElse(action);
                problem =
                        problem.fact(
                                "device " + device,
                                action
                                        + " waits for "
                                        + need
                                        + " of device "
                                        + deviceOf.getOrDefault(need, device));
            }
        }
        return problem.fact("grid", "\n" + ScheduleGrid.draw(devices, deviceOf, steps, next))
                .fix(way(next, done))
                .exception();
    }

    /// Moves the action that somebody waits for before the one that its own device is stuck at.
    private String way(int[] next, Set<PipelineAction> done) {
        for (int device = 0; device < devices.size(); device++) {
            PipelineAction action = at(device, next);
            PipelineAction need = action == null ? null : missing(action, done).orElse(null);
            if (need != null && need.work() != Work.W) {
                int other = deviceOf.getOrDefault(need, device);
                PipelineAction before = at(other, next);
                if (before != null && !before.equals(need)) {
                    return "on device " + other + ", " + need + " before " + before;
                }
            }
        }
        return "an order in which some device can go on";
    }

    private static Problem rejected(String sentence) {
        return Problem.of(ProblemCode.SCHEDULE_REJECTED, sentence);
    }
}
