package dev.partita.runtime.execute;

import dev.partita.compiler.plan.Binding;
import dev.partita.compiler.plan.Note;
import dev.partita.compiler.plan.Program;
import dev.partita.compiler.plan.Step;
import dev.partita.dsl.graph.Update;
import dev.partita.dsl.problem.Origin;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.kernels.Buffer;
import dev.partita.kernels.KernelLibrary;
import dev.partita.runtime.collective.WaitClock;
import dev.partita.runtime.state.Elements;
import org.jspecify.annotations.Nullable;

/// Runs one device's program: the kernel of every step is opened and bound to its slots, every
/// collective to its group.
final class StepRunner implements AutoCloseable {
    private static final Note NOWHERE = new Note("", Origin.UNKNOWN, "");

    private final Program program;
    private final SlotBuffers buffers;
    private final StepControl control;
    private final BoundSteps bound;
    private final WaitClock waits;
    private final Step[] steps;
    private final int commitAt;
    private @Nullable FirstNonFinite firstNonFinite;
    private @Nullable StepClock clock;

    /// The largest tag of the collectives that this device has finished in this run.
    private int lastFinished = -1;

    StepRunner(
            int rank,
            Program program,
            SlotBuffers buffers,
            KernelLibrary library,
            Groups groups,
            StepControl control) {
        this.program = program;
        this.buffers = buffers;
        this.control = control;
        bound = new BoundSteps(rank, program, buffers, library, groups);
        waits = groups.clock(rank);
        steps = program.steps().toArray(Step[]::new);
        commitAt = firstUpdate();
    }

    /// Number of the first plan step that changes a weight, or of the end.
    private int firstUpdate() {
        for (int i = 0; i < steps.length; i++) {
            if (steps[i] instanceof Step.Compute compute && compute.op() instanceof Update) {
                return i;
            }
        }
        return steps.length;
    }

    /// See [Rehearsal].
    void rehearse() {
        Rehearsal.run(program, bound, buffers, control);
    }

    /// Runs the program once. A checked run looks for the first number that is not finite; it never
    /// changes weights.
    StepOutcome run(boolean checked) {
        begin(checked);
        StepClock timing = clock;
        if (timing != null) {
            timing.begin();
        }
        StepOutcome outcome = StepOutcome.COMPLETE;
        for (int i = 0; i < steps.length && outcome == StepOutcome.COMPLETE; i++) {
            outcome = advance(i, checked);
            if (timing != null) {
                timing.tick(i);
            }
        }
        return outcome;
    }

    /// Gets ready for plan step 0.
    void begin(boolean checked) {
        firstNonFinite = null;
        lastFinished = -1;
        if (checked) {
            checkBindings();
        }
    }

    /// Runs plan step `i`, after all before it.
    ///
    /// @return `COMPLETE` if the next one may follow
    StepOutcome advance(int i, boolean checked) {
        if (i == commitAt && !(checked ? endSearch() : control.commit())) {
            return StepOutcome.GIVEN_UP;
        }
        if (i < commitAt && control.isGivenUp()) {
            return StepOutcome.GIVEN_UP;
        }
        switch (steps[i]) {
            case Step.Compute _ -> bound.kernel(i).run();
            case Step.Start _ -> bound.collective(i).start();
            case Step.Finish finish -> {
                bound.collective(i).finish();
                lastFinished = Math.max(lastFinished, finish.tag());
            }
            case Step.RequireFinite require -> {
                if (!isFiniteScalar(buffers.get(require.slot()))) {
                    return notFinite(require, checked);
                }
            }
        }
        if (checked && firstNonFinite == null) {
            check(i);
        }
        return StepOutcome.COMPLETE;
    }

    /// From now on every plan step is timed.
    StepClock startClock() {
        var started = new StepClock(steps.length, waits);
        clock = started;
        return started;
    }

    /// Ends timing.
    void stopClock() {
        clock = null;
    }

    /// Where the time of `times` steps went.
    ///
    /// @param totalNanos that they took
    StepProfile profile(StepClock timed, long totalNanos, int times) {
        return StepProfile.of(program, bound, timed, totalNanos, times);
    }

    /// Every check has passed: nothing to be found is left on any device. Others may wait for what
    /// this one would do after its updates.
    private boolean endSearch() {
        control.giveUp();
        return false;
    }

    private StepOutcome notFinite(Step.RequireFinite require, boolean checked) {
        if (checked || require.lossScale().isEmpty()) {
            return control.endNotFinite() ? StepOutcome.NOT_FINITE : StepOutcome.GIVEN_UP;
        }
        return control.skip() ? StepOutcome.SKIPPED : StepOutcome.GIVEN_UP;
    }

    /// Halves the loss scale and counts good steps anew; false if the plan has none, or it is 1.
    boolean lowerLossScale() {
        boolean lowered = false;
        for (Step step : steps) {
            if (step instanceof Step.RequireFinite require && !require.lossScale().isEmpty()) {
                Buffer scale = buffers.get(require.lossScale().getFirst());
                Dtype dtype = scale.type().dtype();
                double halved = Elements.get(dtype, scale.memory(), 0) / 2;
                if (halved >= 1) {
                    Elements.set(dtype, scale.memory(), 0, halved);
                    Buffer goodSteps = buffers.get(require.lossScale().getLast());
                    Elements.set(dtype, goodSteps.memory(), 0, 0);
                    lowered = true;
                }
            }
        }
        return lowered;
    }

    @Nullable FirstNonFinite firstNonFinite() {
        return firstNonFinite;
    }

    private void checkBindings() {
        for (Binding binding : program.bindings()) {
            boolean before = !(binding instanceof Binding.Output);
            if (before && firstNonFinite == null && !isFinite(buffers.get(binding.slot()))) {
                String kind =
                        switch (binding) {
                            case Binding.Input _ -> "input ";
                            case Binding.Parameter _ -> "parameter ";
                            case Binding.State _ -> "state ";
                            case Binding.Output _ -> "output ";
                        };
                firstNonFinite = new FirstNonFinite(-1, -1, kind + binding.name(), NOWHERE);
            }
        }
    }

    private void check(int i) {
        for (int slot : bound.completes(i)) {
            if (!isFinite(buffers.get(slot))) {
                firstNonFinite =
                        new FirstNonFinite(lastFinished, i, bound.describe(i), steps[i].note());
                return;
            }
        }
    }

    private static boolean isFiniteScalar(Buffer scalar) {
        return Double.isFinite(Elements.get(scalar.type().dtype(), scalar.memory(), 0));
    }

    private static boolean isFinite(Buffer buffer) {
        Dtype dtype = buffer.type().dtype();
        if (!dtype.isFloating()) {
            return true;
        }
        long elements = buffer.type().shape().elements();
        for (long i = 0; i < elements; i++) {
            if (!Double.isFinite(Elements.get(dtype, buffer.memory(), i))) {
                return false;
            }
        }
        return true;
    }

    @Override
    public void close() {
        bound.close();
    }
}
