package dev.partita.compiler.plan;

import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.tensor.TensorType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Walks all devices at once: every collective must be met by all members of its group with the
/// same operation on blocks of the same type, in the same order, and no device may wait for one
/// that waits for it.
final class CollectiveVerifier {
    private final ExecutionPlan plan;
    private final int[] at;
    private final int[] lastTag;
    private final Map<Meeting, List<Arrival>> arrivals = new HashMap<>();

    /// One collective of one group; the group is named by its first rank and its axes.
    private record Meeting(int tag, int leader, Reshard.Collective op) {}

    private record Arrival(int rank, List<TensorType> blocks) {}

    CollectiveVerifier(ExecutionPlan plan) {
        this.plan = plan;
        this.at = new int[plan.devices()];
        this.lastTag = new int[plan.devices()];
        Arrays.fill(lastTag, -1);
    }

    void verify() {
        boolean moved = true;
        while (moved) {
            moved = false;
            for (int rank = 0; rank < at.length; rank++) {
                moved |= advance(rank);
            }
        }
        List<String> stuck = new ArrayList<>();
        for (int rank = 0; rank < at.length; rank++) {
            Program program = plan.program(rank);
            if (at[rank] < program.steps().size()) {
                Step step = program.steps().get(at[rank]);
                stuck.add(
                        "rank "
                                + rank
                                + " waits in step "
                                + step.id()
                                + "  "
                                + PlanPrinter.line(program, step));
            }
        }
        if (!stuck.isEmpty()) {
            throw PlanVerifier.rejected("devices would wait for each other forever", stuck);
        }
    }

    /// Lets a device go on as far as it can.
    private boolean advance(int rank) {
        Program program = plan.program(rank);
        int before = at[rank];
        while (at[rank] < program.steps().size()) {
            Step step = program.steps().get(at[rank]);
            if (step instanceof Step.Start start) {
                arrive(rank, program, start);
            } else if (step instanceof Step.Finish finish
                    && !isComplete(rank, program, finish.tag())) {
                break;
            }
            at[rank]++;
        }
        return at[rank] > before;
    }

    private void arrive(int rank, Program program, Step.Start start) {
        if (start.tag() <= lastTag[rank]) {
            throw PlanVerifier.rejected(
                    program, start, "collective #" + lastTag[rank] + " must start after it");
        }
        lastTag[rank] = start.tag();
        List<TensorType> blocks =
                start.sources().stream().map(s -> program.slot(s).type()).toList();
        List<Arrival> others =
                arrivals.computeIfAbsent(meeting(rank, start), _ -> new ArrayList<>());
        for (Arrival other : others) {
            if (!other.blocks().equals(blocks)) {
                throw PlanVerifier.rejected(
                        program,
                        start,
                        "rank "
                                + other.rank()
                                + " brings "
                                + other.blocks()
                                + ", rank "
                                + rank
                                + " "
                                + blocks);
            }
        }
        others.add(new Arrival(rank, blocks));
    }

    private boolean isComplete(int rank, Program program, int tag) {
        Step.Start start =
                program.collectives()
                        .filter(s -> s.tag() == tag)
                        .findFirst()
                        .orElseThrow(() ->
                                PlanVerifier.rejected(
                                        "a collective that never starts is waited for",
                                        List.of("#" + tag)));
        return arrivals.getOrDefault(meeting(rank, start), List.of()).size() == start.op().size();
    }

    private Meeting meeting(int rank, Step.Start start) {
        return new Meeting(start.tag(), plan.group(rank, start.op()).getFirst(), start.op());
    }
}
