package dev.partita.compiler.plan;

import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.mesh.Axis;
import dev.partita.dsl.tensor.TensorType;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Walks all devices at once: every collective must be met by all members of its group with the
/// same operation on blocks of the same type, in the same order, and no device may wait for one
/// that waits for it.
///
/// A device goes on until it has to wait; who completes a collective wakes those that wait for it.
/// So every start and finish of every device is looked at once or twice.
final class CollectiveVerifier {
    private static final int MOST_NAMED = 4;

    private final ExecutionPlan plan;
    private final List<Communication> communications;
    private final int[] at;
    private final int[] lastTag;
    private final Map<Key, Meeting> meetings = new HashMap<>();
    private final Deque<Integer> awake = new ArrayDeque<>();

    /// What of a program communicates.
    private record Communication(List<Step> steps, Map<Integer, Step.Start> starts) {
        static Communication of(Program program) {
            List<Step> steps = new ArrayList<>();
            Map<Integer, Step.Start> starts = new HashMap<>();
            for (Step step : program.steps()) {
                if (step instanceof Step.Start start) {
                    starts.put(start.tag(), start);
                    steps.add(start);
                } else if (step instanceof Step.Finish) {
                    steps.add(step);
                }
            }
            return new Communication(steps, starts);
        }
    }

    /// One collective of one group; the group is named by its first rank and its axes.
    private record Key(int tag, int leader, Reshard.Collective op) {}

    private static final class Meeting {
        final int first;
        final List<TensorType> blocks;
        final List<Integer> waiting = new ArrayList<>();
        int arrived;

        Meeting(int first, List<TensorType> blocks) {
            this.first = first;
            this.blocks = blocks;
        }
    }

    CollectiveVerifier(ExecutionPlan plan) {
        this.plan = plan;
        this.at = new int[plan.devices()];
        this.lastTag = new int[plan.devices()];
        Arrays.fill(lastTag, -1);
        this.communications = plan.programs().stream().map(Communication::of).toList();
    }

    void verify() {
        for (int rank = 0; rank < at.length; rank++) {
            awake.add(rank);
        }
        while (!awake.isEmpty()) {
            advance(awake.remove());
        }
        List<Integer> stuck = new ArrayList<>();
        for (int rank = 0; rank < at.length; rank++) {
            if (at[rank] < communication(rank).steps().size()) {
                stuck.add(rank);
            }
        }
        if (!stuck.isEmpty()) {
            throw waiting(stuck);
        }
    }

    private Communication communication(int rank) {
        return communications.get(plan.programOf().get(rank));
    }

    /// Lets a device go on as far as it can.
    private void advance(int rank) {
        Communication communication = communication(rank);
        while (at[rank] < communication.steps().size()) {
            Step step = communication.steps().get(at[rank]);
            if (step instanceof Step.Start start) {
                arrive(rank, start);
            } else if (step instanceof Step.Finish finish) {
                Step.Start start = communication.starts().get(finish.tag());
                if (start == null) {
                    throw PlanVerifier.rejected(
                            plan.program(rank),
                            finish,
                            "rank " + rank + " waits for a collective that never starts");
                }
                Meeting meeting = meeting(rank, start);
                if (meeting.arrived < start.op().size()) {
                    meeting.waiting.add(rank);
                    return;
                }
            }
            at[rank]++;
        }
    }

    private void arrive(int rank, Step.Start start) {
        Program program = plan.program(rank);
        if (start.tag() <= lastTag[rank]) {
            throw PlanVerifier.rejected(
                    program,
                    start,
                    "on rank " + rank + ", collective #" + lastTag[rank] + " must start after it");
        }
        lastTag[rank] = start.tag();
        Meeting meeting = meeting(rank, start);
        List<TensorType> blocks = blocks(program, start);
        if (!meeting.blocks.equals(blocks)) {
            throw PlanVerifier.rejected(
                    program,
                    start,
                    "rank %d brings %s, rank %d %s"
                            .formatted(meeting.first, meeting.blocks, rank, blocks));
        }
        if (++meeting.arrived == start.op().size()) {
            awake.addAll(meeting.waiting);
        }
    }

    private static List<TensorType> blocks(Program program, Step.Start start) {
        return start.sources().stream().map(s -> program.slot(s).type()).toList();
    }

    private Meeting meeting(int rank, Step.Start start) {
        int leader = plan.mesh().leader(rank, start.op().axes().stream().map(Axis::name).toList());
        return meetings.computeIfAbsent(
                new Key(start.tag(), leader, start.op()),
                _ -> new Meeting(rank, blocks(plan.program(rank), start)));
    }

    private RuntimeException waiting(List<Integer> stuck) {
        List<String> facts = new ArrayList<>();
        for (int rank : stuck.subList(0, Math.min(stuck.size(), MOST_NAMED))) {
            Step.Start start = awaited(rank);
            facts.add(
                    "rank %d waits in step %d (finish #%d) for %s: %s"
                            .formatted(
                                    rank,
                                    communication(rank).steps().get(at[rank]).id(),
                                    start.tag(),
                                    missing(rank, start),
                                    PlanPrinter.line(plan.program(rank), start)));
        }
        if (stuck.size() > MOST_NAMED) {
            facts.add("and " + (stuck.size() - MOST_NAMED) + " more ranks");
        }
        return PlanVerifier.rejected(
                "devices would wait for each other forever",
                facts,
                awaited(stuck.getFirst()).note().origin());
    }

    private Step.Start awaited(int rank) {
        Communication communication = communication(rank);
        Step step = communication.steps().get(at[rank]);
        Step.Start start =
                step instanceof Step.Finish finish
                        ? communication.starts().get(finish.tag())
                        : null;
        if (start == null) {
            throw new IllegalStateException("rank " + rank + " does not wait in " + step);
        }
        return start;
    }

    /// The members of the group that do not come.
    private String missing(int rank, Step.Start start) {
        List<Integer> absent =
                plan.group(rank, start.op()).stream()
                        .filter(other -> !comes(other, start))
                        .toList();
        return (absent.size() == 1 ? "rank " : "ranks ")
                + absent.toString().replaceAll("[\\[\\]]", "");
    }

    private boolean comes(int rank, Step.Start start) {
        Communication communication = communication(rank);
        return communication.steps().subList(0, at[rank]).stream()
                .anyMatch(step ->
                        step instanceof Step.Start s
                                && s.tag() == start.tag()
                                && s.op().equals(start.op()));
    }
}
