package dev.partita.compiler.verify;

import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.compiler.plan.Program;
import dev.partita.compiler.plan.Step;
import dev.partita.dsl.graph.Reshard;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/// Walks all devices at once: every collective must be met by all members of its group with the
/// same operation on blocks of the same type, in the same order, and no device may wait for one
/// that waits for it.
///
/// Who gets something waits in its finish until all who bring something have started; who brings
/// something waits until all who get something are at their finish, where they take it. A device
/// goes on until it has to wait; who comes last wakes those that wait. So every start and finish of
/// every device is looked at a few times, however many devices there are.
final class CollectiveVerifier {
    private static final int MOST_NAMED = 4;

    private final ExecutionPlan plan;
    private final List<Communication> communications;
    private final int[] at;
    private final int[] lastTag;
    private final boolean[] finishing;
    private final Map<Key, Meeting> meetings = new HashMap<>();
    private final Set<List<Integer>> compared = new HashSet<>();
    private final Deque<Integer> awake = new ArrayDeque<>();
    private long looks;

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
        final long givers;
        final long takers;
        final List<Integer> waiting = new ArrayList<>();

        /// The first rank that brings something, and the first that gets something.
        int giver = -1;

        int taker = -1;
        int started;
        int taking;

        Meeting(Reshard.Collective op) {
            givers = count(op.size(), op::gives);
            takers = count(op.size(), op::takes);
        }

        private static long count(int size, IntPredicate which) {
            return IntStream.range(0, size).filter(which).count();
        }
    }

    CollectiveVerifier(ExecutionPlan plan) {
        this.plan = plan;
        this.at = new int[plan.devices()];
        this.lastTag = new int[plan.devices()];
        this.finishing = new boolean[plan.devices()];
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

    /// How many starts and finishes were looked at, again ones included.
    long looks() {
        return looks;
    }

    private Communication communication(int rank) {
        return communications.get(plan.programOf().get(rank));
    }

    /// Lets a device go on as far as it can.
    private void advance(int rank) {
        Communication communication = communication(rank);
        while (at[rank] < communication.steps().size()) {
            Step step = communication.steps().get(at[rank]);
            looks++;
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
                if (!finishes(rank, start)) {
                    return;
                }
                finishing[rank] = false;
            }
            at[rank]++;
        }
    }

    /// True if the device need not wait in its finish any more.
    private boolean finishes(int rank, Step.Start start) {
        Meeting meeting = meeting(rank, start);
        int member = plan.member(rank, start.op());
        boolean takes = start.op().takes(member);
        if (takes && meeting.started < meeting.givers) {
            meeting.waiting.add(rank);
            return false;
        }
        if (takes && !finishing[rank]) {
            finishing[rank] = true;
            meeting.taking++;
            wakeIf(meeting.taking == meeting.takers, meeting);
        }
        if (start.op().gives(member) && meeting.taking < meeting.takers) {
            meeting.waiting.add(rank);
            return false;
        }
        return true;
    }

    private void wakeIf(boolean all, Meeting meeting) {
        if (all) {
            awake.addAll(meeting.waiting);
            meeting.waiting.clear();
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
        int member = plan.member(rank, start.op());
        require(rank, start, start.op().gives(member), start.sources(), "brings");
        require(rank, start, start.op().takes(member), start.targets(), "gets");
        if (start.op().gives(member)) {
            meeting.giver = meeting.giver < 0 ? rank : meeting.giver;
            requireSame("brings", meeting.giver, rank, start);
            meeting.started++;
        }
        if (start.op().takes(member)) {
            meeting.taker = meeting.taker < 0 ? rank : meeting.taker;
            requireSame("gets", meeting.taker, rank, start);
        }
        if (meeting.giver >= 0 && meeting.taker >= 0) {
            requireMoved(meeting.giver, meeting.taker, start);
        }
        wakeIf(meeting.started == meeting.givers, meeting);
    }

    private void require(
            int rank, Step.Start start, boolean does, List<Integer> slots, String word) {
        if (does == slots.isEmpty()) {
            throw PlanVerifier.rejected(
                    plan.program(rank),
                    start,
                    "rank %d %s %s".formatted(rank, word, does ? "nothing" : "something"));
        }
    }

    /// What two members bring, or get, must be alike.
    private void requireSame(String word, int first, int rank, Step.Start start) {
        boolean brings = word.equals("brings");
        if (plan.programOf().get(first).equals(plan.programOf().get(rank))) {
            return;
        }
        List<SlotBlock> here = blocks(rank, start.tag(), brings);
        List<SlotBlock> there = blocks(first, start.tag(), brings);
        if (!here.equals(there)) {
            throw PlanVerifier.rejected(
                    plan.program(rank),
                    start,
                    "rank %d %s %s, rank %d %s".formatted(first, word, there, rank, here));
        }
        if (start.op() instanceof Reshard.AllReduce
                && !bucket(first, start.tag()).equals(bucket(rank, start.tag()))) {
            throw PlanVerifier.rejected(
                    plan.program(rank),
                    start,
                    "its summands lie otherwise beside each other than those of rank " + first);
        }
    }

    /// Where in a bucket each summand begins.
    private List<Long> bucket(int rank, int tag) {
        Program program = plan.program(rank);
        List<Integer> summands = start(rank, tag).sources();
        long begin = program.span(summands).offset();
        return summands.stream().map(slot -> program.slot(slot).offset() - begin).toList();
    }

    /// What one program brings must be what becomes the other's.
    private void requireMoved(int giver, int taker, Step.Start start) {
        int from = plan.programOf().get(giver);
        int to = plan.programOf().get(taker);
        if (from == to || !compared.add(List.of(start.tag(), from, to))) {
            return;
        }
        Program program = plan.program(giver);
        Step.Start brings = start(giver, start.tag());
        List<SlotBlock> expected =
                blocks(giver, start.tag(), true).stream()
                        .map(block ->
                                new SlotBlock(
                                        block.whole(),
                                        Moved.after(program, brings, block.placement())))
                        .toList();
        List<SlotBlock> found = blocks(taker, start.tag(), false);
        if (!expected.equals(found)) {
            throw PlanVerifier.rejected(
                    program,
                    brings,
                    "rank %d sends %s, rank %d gets %s".formatted(giver, expected, taker, found));
        }
    }

    private List<SlotBlock> blocks(int rank, int tag, boolean brings) {
        Program program = plan.program(rank);
        Step.Start start = start(rank, tag);
        return (brings ? start.sources() : start.targets())
                .stream().map(program::slot).map(SlotBlock::of).toList();
    }

    private Step.Start start(int rank, int tag) {
        Step.Start start = communication(rank).starts().get(tag);
        if (start == null) {
            throw new IllegalStateException("rank " + rank + " never starts #" + tag);
        }
        return start;
    }

    private Meeting meeting(int rank, Step.Start start) {
        return meetings.computeIfAbsent(
                new Key(start.tag(), plan.leader(rank, start.op()), start.op()),
                key -> new Meeting(key.op()));
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
                                    plan.program(rank).printed(start)));
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
        Step step = communication(rank).steps().get(at[rank]);
        if (step instanceof Step.Finish finish) {
            return start(rank, finish.tag());
        }
        throw new IllegalStateException("rank " + rank + " does not wait in " + step);
    }

    /// The members of the group that do not come: who brings something and has not started, or who
    /// gets something and is not at its finish.
    private String missing(int rank, Step.Start start) {
        List<Integer> group = plan.group(rank, start.op());
        boolean takes = start.op().takes(group.indexOf(rank)) && !finishing[rank];
        List<Integer> absent =
                IntStream.range(0, group.size())
                        .filter(member ->
                                takes ? start.op().gives(member) : start.op().takes(member))
                        .map(group::get)
                        .filter(other -> !(takes ? hasStarted(other, start) : takes(other, start)))
                        .boxed()
                        .toList();
        return (absent.size() == 1 ? "rank " : "ranks ")
                + absent.toString().replaceAll("[\\[\\]]", "");
    }

    private boolean hasStarted(int rank, Step.Start start) {
        return communication(rank).steps().subList(0, at[rank]).stream()
                .anyMatch(step ->
                        step instanceof Step.Start s
                                && s.tag() == start.tag()
                                && s.op().equals(start.op()));
    }

    private boolean takes(int rank, Step.Start start) {
        List<Step> steps = communication(rank).steps();
        int end = Math.min(steps.size(), at[rank] + (finishing[rank] ? 1 : 0));
        return steps.subList(0, end).stream()
                .anyMatch(step -> step instanceof Step.Finish f && f.tag() == start.tag());
    }
}
