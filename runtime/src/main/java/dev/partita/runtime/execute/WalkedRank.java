package dev.partita.runtime.execute;

import dev.partita.compiler.plan.Program;
import dev.partita.compiler.plan.Slot;
import dev.partita.compiler.plan.Step;
import dev.partita.dsl.problem.NearMiss;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import java.util.List;

/// One device of a [Walk].
public final class WalkedRank {
    private final Walk walk;
    private final WalkedDevices devices;
    private final int rank;

    WalkedRank(Walk walk, WalkedDevices devices, int rank) {
        this.walk = walk;
        this.devices = devices;
        this.rank = rank;
    }

    private Program program() {
        return walk.plan().program(rank);
    }

    /// How many steps of its program it has done.
    public int done() {
        return devices.done(rank);
    }

    /// Does the next step; what only all devices of a group can do together, all of them do.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `DeviceWaits` if others have to come
    ///   before; nothing has moved then. `NotFinite` at a check that fails
    public WalkedRank next() {
        walk.next(rank);
        return this;
    }

    /// Does so many steps.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException as [#next()]
    public WalkedRank next(int steps) {
        for (int i = 0; i < steps; i++) {
            walk.next(rank);
        }
        return this;
    }

    /// Does the next step, and lets others do before it what it would wait for.
    public WalkedRank bring() {
        walk.bring(rank);
        return this;
    }

    /// Goes on, as [#bring] does, through the next steps of a layer, of an action of a schedule
    /// such as `1F0`, or of an op that is written so, up to the first step that is not.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `InvalidArgument` if no step to come is
    ///   called so
    public WalkedRank to(String word) {
        List<Step> steps = program().steps();
        int next = done();
        while (next < steps.size() && !isCalled(steps.get(next), word)) {
            next++;
        }
        if (next == steps.size()) {
            throw unknown(word);
        }
        while (next + 1 < steps.size() && isCalled(steps.get(next + 1), word)) {
            next++;
        }
        return to(next);
    }

    private RuntimeException unknown(String word) {
        List<String> known =
                program().steps().stream()
                        .skip(done())
                        .flatMap(
                                step -> List.of(step.note().layer(), step.note().action()).stream())
                        .filter(name -> !name.isEmpty())
                        .distinct()
                        .toList();
        return Problem.of(
                        ProblemCode.INVALID_ARGUMENT,
                        "No step of rank " + rank + " to come is called \"" + word + "\".")
                .fix(NearMiss.fix(word, known, "layer or action"))
                .exception();
    }

    private boolean isCalled(Step step, String word) {
        return step.note().layer().equals(word)
                || step.note().action().equals(word)
                || program().printed(step).startsWith(word);
    }

    /// Goes on, as [#bring] does, to right after step `step` of its program.
    public WalkedRank to(int step) {
        while (done() <= step && !walk.isAtEnd(rank)) {
            walk.bring(rank);
        }
        return this;
    }

    /// Goes back to before its last step. What other devices have done since is undone as well.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `InvalidArgument` at the beginning
    public WalkedRank back() {
        walk.back(rank);
        return this;
    }

    /// What there is to be read now.
    public LiveTensors live() {
        return LiveTensors.of(walk.plan(), rank, done(), slot -> devices.buffer(rank, slot));
    }

    /// A copy of a live tensor's block: of a binding's name, of what a layer has computed last, or
    /// of a slot such as `s17`.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `InvalidArgument`, with the near miss
    public LiveTensor tensor(String name) {
        return live().tensor(name);
    }

    /// Writes what it has done last and does next to standard output.
    public void print() {
        System.out.print(describe());
    }

    /// What it has done last, what there is of that, and what it does next.
    public String describe() {
        var text = new StringBuilder();
        if (done() > 0) {
            Step last = program().steps().get(done() - 1);
            text.append("did  %d %s%n".formatted(last.id(), program().printed(last)));
            for (Slot slot : live().completed()) {
                text.append("     %s%n".formatted(tensor("s" + slot.id()).summary()));
            }
        }
        return text.append("next ").append(walk.place(rank)).append('\n').toString();
    }

    /// In one line of at most 80 characters.
    @Override
    public String toString() {
        String line =
                "rank %d, %d of %d steps done; next %s"
                        .formatted(rank, done(), program().steps().size(), walk.place(rank));
        return line.length() <= 80 ? line : line.substring(0, 79) + "…";
    }
}
