package dev.partita.runtime.execute;

import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.compiler.plan.Step;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import java.util.ArrayList;
import java.util.List;

/// A training step that is gone through one plan step of one device at a time, forwards and back,
/// with every live tensor to be read on the way. The devices do what they do in any run; only who
/// moves when is up to the caller.
///
/// ```java
/// var run = walk(plan);
/// run.rank(3).next();
/// run.rank(3).to("1F0").live().print();
/// run.rank(3).back();
/// ```
///
/// A device that would wait for another is not moved, and says for whom it waits. Closing the walk
/// closes the session.
public final class Walk implements AutoCloseable {
    private final Session session;
    private final WalkedDevices devices;
    private final WaitsFor waits;

    /// Who has moved, from the beginning; each did one plan step.
    private final List<List<Integer>> history = new ArrayList<>();

    Walk(Session session, WalkedDevices devices) {
        this.session = session;
        this.devices = devices;
        waits = new WaitsFor(devices);
    }

    public ExecutionPlan plan() {
        return devices.plan();
    }

    /// One of the devices.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `InvalidArgument` if there is none of this
    ///   rank
    public WalkedRank rank(int rank) {
        if (rank < 0 || rank >= plan().devices()) {
            throw Problem.of(
                            ProblemCode.INVALID_ARGUMENT,
                            "The plan has no device of rank " + rank + ".")
                    .fact("mesh", plan().mesh())
                    .fix("a rank from 0 to " + (plan().devices() - 1))
                    .exception();
        }
        return new WalkedRank(this, devices, rank);
    }

    boolean isAtEnd(int rank) {
        return devices.done(rank) == plan().program(rank).steps().size();
    }

    /// Lets a device do its next plan step, with those that can only do it together.
    void next(int rank) {
        if (isAtEnd(rank)) {
            throw Problem.of(
                            ProblemCode.INVALID_ARGUMENT,
                            "Rank " + rank + " has done all its steps.")
                    .fix("run.rank(" + rank + ").back(), or another rank")
                    .exception();
        }
        WaitsFor.Meeting meeting = waits.next(rank);
        if (!meeting.missing().isEmpty()) {
            throw waiting(rank, meeting.missing());
        }
        move(meeting.together());
    }

    private void move(List<Integer> together) {
        devices.advance(together);
        history.add(together);
    }

    private RuntimeException waiting(int rank, List<Integer> missing) {
        Step next = plan().program(rank).steps().get(devices.done(rank));
        Problem problem =
                Problem.of(
                        ProblemCode.DEVICE_WAITS,
                        "Rank " + rank + " waits for " + ranks(missing) + ".");
        if (next instanceof Step.Finish finish) {
            Step.Start start = waits.start(rank, finish.tag());
            problem =
                    problem.fact("at", next.id() + " finish #" + finish.tag() + " " + start.op())
                            .at(start.note().origin());
        }
        for (int other : missing) {
            problem = problem.fact("rank " + other, "before " + place(other));
        }
        return problem.fix(
                        "run.rank(%d).next(), or run.rank(%d).bring(), which moves the others as far as it needs"
                                .formatted(missing.getFirst(), rank))
                .exception();
    }

    private static String ranks(List<Integer> ranks) {
        return (ranks.size() == 1 ? "rank " : "ranks ")
                + String.join(" and ", ranks.stream().map(String::valueOf).toList());
    }

    /// Where a device stands.
    String place(int rank) {
        if (isAtEnd(rank)) {
            return "the end";
        }
        Step next = plan().program(rank).steps().get(devices.done(rank));
        String line = plan().program(rank).printed(next);
        if (next instanceof Step.Finish finish) {
            line += " " + waits.start(rank, finish.tag()).op();
        }
        return next.id() + " " + (line.length() > 90 ? line.substring(0, 89) + "…" : line);
    }

    /// Lets a device do its next plan step, and before it others what they must have done for that.
    void bring(int rank) {
        int before = devices.done(rank);
        while (devices.done(rank) == before) {
            int mover = rank;
            WaitsFor.Meeting meeting = waits.next(mover);
            for (int hops = 0; !meeting.missing().isEmpty(); hops++) {
                if (hops > plan().devices()) {
                    throw waiting(mover, meeting.missing());
                }
                mover = meeting.missing().getFirst();
                if (isAtEnd(mover)) {
                    throw new IllegalStateException("rank " + rank + " waits for what is over");
                }
                meeting = waits.next(mover);
            }
            move(meeting.together());
        }
    }

    /// Goes back to before the last plan step of a device. What any device has done since is
    /// undone, too: everything up to there is done again, from the beginning.
    void back(int rank) {
        int last = history.size() - 1;
        while (last >= 0 && !history.get(last).contains(rank)) {
            last--;
        }
        if (last < 0) {
            throw Problem.of(
                            ProblemCode.INVALID_ARGUMENT,
                            "Rank " + rank + " stands at its beginning.")
                    .fix("run.rank(" + rank + ").next()")
                    .exception();
        }
        List<List<Integer>> again = List.copyOf(history.subList(0, last));
        history.clear();
        devices.restart();
        again.forEach(this::move);
    }

    /// All devices do the rest of their steps.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `NotFinite`
    public Walk finish() {
        for (int rank = 0; rank < plan().devices(); rank++) {
            while (!isAtEnd(rank)) {
                bring(rank);
            }
        }
        return this;
    }

    /// The session that is walked through: outputs such as `loss` are there after [#finish].
    public Session session() {
        return session;
    }

    /// Writes where every device stands to standard output.
    public void print() {
        System.out.print(describe());
    }

    /// Where every device stands, a line each, and whom it waits for.
    public String describe() {
        var text = new StringBuilder();
        for (int rank = 0; rank < plan().devices(); rank++) {
            List<Integer> missing = isAtEnd(rank) ? List.of() : waits.next(rank).missing();
            text.append("rank %d before %s%n".formatted(rank, place(rank)));
            if (!missing.isEmpty()) {
                text.append("  waits for %s%n".formatted(ranks(missing)));
            }
        }
        return text.toString();
    }

    @Override
    public String toString() {
        return "walk through %s on %s, %d plan steps done"
                .formatted(
                        plan().model(), plan().mesh(), history.stream().mapToInt(List::size).sum());
    }

    @Override
    public void close() {
        session.close();
    }
}
