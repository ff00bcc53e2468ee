package dev.partita.runtime.execute;

import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.kernels.Buffer;
import dev.partita.runtime.device.DeviceMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The devices of a session, moved plan step by plan step as they move in any run: each on its own
/// thread, with its own kernels and collectives.
final class WalkedDevices {
    private final ExecutionPlan plan;
    private final List<DeviceWorker> workers;
    private final StepControl control;

    /// Their whole memory when the walk began, for ways back.
    private final List<MemorySegment> beginning = new ArrayList<>();

    private final int[] done;

    WalkedDevices(ExecutionPlan plan, List<DeviceWorker> workers, StepControl control) {
        this.plan = plan;
        this.workers = List.copyOf(workers);
        this.control = control;
        done = new int[plan.devices()];
        for (DeviceWorker worker : this.workers) {
            MemorySegment memory = all(worker);
            beginning.add(Arena.ofAuto().allocate(memory.byteSize()).copyFrom(memory));
        }
        begin();
    }

    private static MemorySegment all(DeviceWorker worker) {
        DeviceMemory memory = worker.device().memory();
        return memory.at(0, memory.bytes());
    }

    private void begin() {
        control.begin();
        control.resetGroups();
        workers.forEach(DeviceWorker::begin);
    }

    ExecutionPlan plan() {
        return plan;
    }

    /// How many plan steps a device has done.
    int done(int rank) {
        return done[rank];
    }

    Buffer buffer(int rank, int slot) {
        return workers.get(rank).buffer(slot);
    }

    /// Everything is as it was when the walk began.
    void restart() {
        for (int rank = 0; rank < workers.size(); rank++) {
            all(workers.get(rank)).copyFrom(beginning.get(rank));
        }
        Arrays.fill(done, 0);
        begin();
    }

    /// Lets these devices do their next plan step, at the same time.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `NotFinite` at a check that fails, which
    ///   ends the step; whatever a kernel finds
    void advance(List<Integer> ranks) {
        ranks.forEach(rank -> workers.get(rank).startPlanStep(done[rank]));
        @Nullable Throwable failure = null;
        for (int rank : ranks) {
            Throwable thrown = workers.get(rank).await(() -> {});
            failure = failure == null ? thrown : failure;
        }
        if (failure != null) {
            throw StepProblems.failed(failure, control.isCommitted());
        }
        for (int rank : ranks) {
            if (workers.get(rank).outcome() != StepOutcome.COMPLETE) {
                throw ended(rank);
            }
        }
        ranks.forEach(rank -> done[rank]++);
    }

    private RuntimeException ended(int rank) {
        var step = plan.program(rank).steps().get(done[rank]);
        return Problem.of(
                        ProblemCode.NOT_FINITE,
                        "The step ends here, before any weight changes: a number is not finite.")
                .fact("rank", rank)
                .fact("step", step.id() + " " + plan.program(rank).printed(step))
                .at(step.note().origin())
                .fix("run.rank(" + rank + ").back(), and look where it comes from")
                .exception();
    }
}
