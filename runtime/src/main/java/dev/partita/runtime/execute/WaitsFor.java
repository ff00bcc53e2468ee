package dev.partita.runtime.execute;

import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.compiler.plan.Step;
import dev.partita.dsl.graph.Reshard;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// For whom devices wait that do one plan step at a time, known from where all of them stand.
///
/// To finish a collective, a device that gets something needs all who bring something to have
/// started it; one that brings something also needs all who get something to take it, which they do
/// when they finish it. Where each waits for each, as in an all-reduce, they finish it together.
final class WaitsFor {
    private final ExecutionPlan plan;
    private final WalkedDevices devices;

    /// For each program the steps that start and finish each collective.
    private final List<Map<Integer, Ends>> ends = new ArrayList<>();

    private record Ends(Step.Start start, int finish) {}

    /// What becomes of a device's next step.
    ///
    /// @param together the devices that do it at the same time
    /// @param missing those that it waits for; then nobody can
    record Meeting(List<Integer> together, List<Integer> missing) {}

    WaitsFor(WalkedDevices devices) {
        this.devices = devices;
        plan = devices.plan();
        plan.programs()
                .forEach(program -> {
                    Map<Integer, Ends> byTag = new HashMap<>();
                    program.collectives()
                            .forEach(start -> byTag.put(start.tag(), new Ends(start, -1)));
                    for (Step step : program.steps()) {
                        if (step instanceof Step.Finish finish) {
                            byTag.computeIfPresent(
                                    finish.tag(), (_, ends) -> new Ends(ends.start(), finish.id()));
                        }
                    }
                    ends.add(byTag);
                });
    }

    /// The next step of a device, which has one.
    Meeting next(int rank) {
        Step step = plan.program(rank).steps().get(devices.done(rank));
        if (!(step instanceof Step.Finish finish)) {
            return new Meeting(List.of(rank), List.of());
        }
        Reshard.Collective op = start(rank, finish.tag()).op();
        List<Integer> group = plan.group(rank, op);
        List<Integer> together = new ArrayList<>(List.of(rank));
        List<Integer> missing = new ArrayList<>();
        boolean brings = op.gives(group.indexOf(rank));
        for (int member = 0; member < group.size(); member++) {
            int other = group.get(member);
            boolean late = op.gives(member) && !hasStarted(other, finish.tag());
            if (brings && op.takes(member) && other != rank && !hasFinished(other, finish.tag())) {
                late |= !isAt(other, finish.tag());
                together.add(other);
            }
            if (late) {
                missing.add(other);
            }
        }
        return new Meeting(together.stream().sorted().toList(), missing);
    }

    /// The collective that a device waits for in its next step.
    Step.Start start(int rank, int tag) {
        return ends(rank, tag).start();
    }

    private Ends ends(int rank, int tag) {
        Ends found = ends.get(plan.programOf().get(rank)).get(tag);
        if (found == null) {
            throw new IllegalArgumentException("rank " + rank + " has no part in #" + tag);
        }
        return found;
    }

    private boolean hasStarted(int rank, int tag) {
        return devices.done(rank) > ends(rank, tag).start().id();
    }

    private boolean hasFinished(int rank, int tag) {
        return devices.done(rank) > ends(rank, tag).finish();
    }

    private boolean isAt(int rank, int tag) {
        return devices.done(rank) == ends(rank, tag).finish();
    }
}
