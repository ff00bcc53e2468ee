package dev.partita.runtime.execute;

import com.sun.management.ThreadMXBean;
import dev.partita.compiler.plan.Binding;
import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.compiler.plan.Timeline;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import dev.partita.runtime.state.HostTensor;
import dev.partita.runtime.state.NamedBlock;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// An open plan: devices with their memory and weights, kernels and communicators, ready to run
/// step after step.
///
/// ```java
/// try (var session = Session.open(plan, new SessionOptions(KernelLibraries.named("cpu"), 1))) {
///     session.feed().put("pixels", …).put("labels", …).put("learning-rate", 1e-3).put("step", 1);
///     session.run();
///     double loss = session.scalar("loss");
/// }
/// ```
///
/// Used by one thread at a time; only [#cancel] may come from any.
public final class Session implements AutoCloseable {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private final ExecutionPlan plan;
    private final Feed feed;
    private final StepControl control;
    private final List<DeviceWorker> workers = new ArrayList<>();
    private final NamedSlots slots;
    private final WholeTensors tensors;
    private final Runnable cancel = this::cancel;
    private long callerAllocatedBytes;
    private long skippedUpdates;
    private boolean inconsistent;
    private boolean closed;

    private Session(ExecutionPlan plan) {
        this.plan = plan;
        feed = new Feed(plan);
        var groups = new Groups(plan);
        control = new StepControl(groups.all());
        slots = new NamedSlots(plan);
        tensors = new WholeTensors(plan, workers);
        try {
            for (int rank = 0; rank < plan.devices(); rank++) {
                workers.add(new DeviceWorker(plan, rank, groups, control, feed));
            }
        } catch (Throwable e) {
            close();
            throw e;
        }
    }

    /// Opens a plan: takes memory, sets the first weights, opens every kernel.
    ///
    /// @throws ProblemException `UnsupportedKernel` if the library cannot compute an op of the plan
    public static Session open(ExecutionPlan plan, SessionOptions options) {
        var session = new Session(plan);
        try {
            session.workers.forEach(worker -> worker.startOpening(options));
            @Nullable Throwable failure = null;
            for (DeviceWorker worker : session.workers) {
                Throwable thrown = worker.await(session.cancel);
                failure = failure == null ? thrown : failure;
            }
            if (failure != null) {
                throw StepProblems.failed(failure, false);
            }
            return session;
        } catch (Throwable e) {
            session.close();
            throw e;
        }
    }

    public ExecutionPlan plan() {
        return plan;
    }

    /// The inputs of this plan, to be filled and run.
    public Feed feed() {
        return feed;
    }

    /// Runs the plan once on what [#feed] holds; again, with half the loss scale, while gradients
    /// overflow. Returns when every device is done.
    ///
    /// A step that does not complete has changed no weight, with one exception, which says so: a
    /// device that failed while it updated weights.
    ///
    /// @throws ProblemException `Interrupted` after [#cancel] or an interrupt of this thread (whose
    ///   interrupt status stays set); `NotFinite`, naming step, layer and line where the first NaN
    ///   or infinite number appeared; `DeviceFailed`, or the Problem that a kernel found, such as
    ///   `LabelOutOfRange`
    public void run() {
        long before = THREADS.getCurrentThreadAllocatedBytes();
        requireUsable();
        feed.requireFilled();
        runDevices(false);
        while (control.isSkipped() && control.failure() == null && lowerLossScale()) {
            skippedUpdates++;
            control.resetGroups();
            runDevices(false);
        }
        if (outcome() == StepOutcome.COMPLETE && control.failure() == null) {
            callerAllocatedBytes = THREADS.getCurrentThreadAllocatedBytes() - before;
            return;
        }
        control.resetGroups();
        Throwable failure = control.failure();
        if (failure != null) {
            inconsistent = control.isCommitted();
            throw StepProblems.failed(failure, inconsistent);
        }
        if (control.isSkipped() || control.isNotFinite()) {
            throw notFinite();
        }
        control.clearCancelRequest();
        throw StepProblems.cancelled();
    }

    /// Runs the plan this many times, as [#run], and says where the time of the first device went.
    ///
    /// @throws ProblemException as [#run]
    public StepProfile profile(int steps) {
        requireUsable();
        StepRunner first = workers.getFirst().runner();
        StepClock clock = first.startClock();
        long start = System.nanoTime();
        try {
            for (int i = 0; i < steps; i++) {
                run();
            }
        } finally {
            first.stopClock();
        }
        return first.profile(clock, System.nanoTime() - start, steps);
    }

    /// Runs the plan once, as [#run], and says what every device did when. The step allocates no
    /// more than any other.
    ///
    /// @throws ProblemException as [#run]
    public Timeline record() {
        requireUsable();
        List<StepRunner> runners = workers.stream().map(DeviceWorker::runner).toList();
        List<StepClock> clocks = runners.stream().map(StepRunner::startClock).toList();
        try {
            run();
        } finally {
            runners.forEach(StepRunner::stopClock);
        }
        return MeasuredTimeline.of(plan, clocks);
    }

    /// Begins a step to be gone through one plan step of one device at a time.
    ///
    /// @throws ProblemException as [#run] before a step
    public Walk walk() {
        requireUsable();
        feed.requireFilled();
        return new Walk(this, new WalkedDevices(plan, workers, control));
    }

    /// All devices that hold the scale hold the same one, so all lower it or none.
    private boolean lowerLossScale() {
        boolean lowered = false;
        for (int i = 0; i < workers.size(); i++) {
            lowered |= workers.get(i).lowerLossScale();
        }
        return lowered;
    }

    /// How often, since the plan was opened, gradients overflowed: all devices then skipped their
    /// updates and ran the step again with half the loss scale.
    public long skippedUpdates() {
        return skippedUpdates;
    }

    private void runDevices(boolean checked) {
        control.begin();
        for (int i = 0; i < workers.size(); i++) {
            workers.get(i).startStep(checked);
        }
        for (int i = 0; i < workers.size(); i++) {
            Throwable escaped = workers.get(i).await(cancel);
            if (escaped != null) {
                control.fail(escaped);
            }
        }
    }

    /// The worst of what became of the step on the devices.
    private StepOutcome outcome() {
        StepOutcome worst = StepOutcome.COMPLETE;
        for (int i = 0; i < workers.size(); i++) {
            StepOutcome outcome = workers.get(i).outcome();
            worst = outcome.compareTo(worst) > 0 ? outcome : worst;
        }
        return worst;
    }

    /// Runs the same step again, looking for the place; no weight has changed since.
    private ProblemException notFinite() {
        runDevices(true);
        control.resetGroups();
        FirstNonFinite first = null;
        for (DeviceWorker worker : workers) {
            FirstNonFinite found = worker.firstNonFinite();
            if (found != null && (first == null || found.isBefore(first))) {
                first = found;
            }
        }
        return StepProblems.notFinite((long) feed.scalar("step"), first);
    }

    private void requireUsable() {
        if (closed) {
            throw new IllegalStateException("the session is closed");
        }
        if (inconsistent) {
            throw Problem.of(
                            ProblemCode.DEVICE_FAILED,
                            "A device failed while weights were changing: they are lost.")
                    .fix("open the plan again")
                    .exception();
        }
    }

    /// Ends the step that runs, or the next one, as soon as every device has finished its op; from
    /// any thread. If a device has begun to update weights, the step completes and the next one
    /// ends.
    public void cancel() {
        control.requestCancel();
    }

    /// The value of a scalar output, such as `loss`, after a step.
    public double scalar(String output) {
        return scalarOutput(output).value();
    }

    /// A scalar output to be read after many steps.
    ///
    /// @throws ProblemException `InvalidArgument`, with the near miss
    public ScalarOutput scalarOutput(String output) {
        return new ScalarOutput(tensors.blocks(slots.holding(Binding.Output.class, output)));
    }

    /// An output of one dim to be read after many steps.
    ///
    /// @throws ProblemException `InvalidArgument`, with the near miss
    public VectorOutput vectorOutput(String output) {
        NamedSlots.Holding holding = slots.holding(Binding.Output.class, output);
        long size = holding.slot().whole().shape().elements();
        return new VectorOutput(tensors.blocks(holding), size);
    }

    /// A whole output after a step: `prediction`, `gradient/NAME`, …
    ///
    /// @throws ProblemException `InvalidArgument`, with the near miss
    public HostTensor gather(String output) {
        return tensors.gather(slots.holding(Binding.Output.class, output));
    }

    /// The largest difference of an element of an output, parameter or state from `expected`, on
    /// any device that holds it.
    public <B extends Binding> double largestDifference(
            Class<B> kind, String name, HostTensor expected) {
        return tensors.largestDifference(slots.holding(kind, name), expected);
    }

    /// A whole parameter as it is now.
    public HostTensor readParameter(String name) {
        return tensors.gather(slots.holding(Binding.Parameter.class, name));
    }

    /// A whole optimizer state as it is now.
    public HostTensor readState(String name) {
        return tensors.gather(slots.holding(Binding.State.class, name));
    }

    public void writeParameter(String name, HostTensor whole) {
        tensors.scatter(slots.holding(Binding.Parameter.class, name), whole, name);
    }

    public void writeState(String name, HostTensor whole) {
        tensors.scatter(slots.holding(Binding.State.class, name), whole, name);
    }

    /// What each device keeps from step to step, where it lies in its memory. No device runs while
    /// it is read or written.
    public List<List<NamedBlock>> held() {
        requireUsable();
        return HeldBlocks.of(plan, workers);
    }

    /// Names of the bindings of one kind.
    public <B extends Binding> List<String> names(Class<B> kind) {
        return slots.names(kind);
    }

    /// For each device the end of the highest byte of its memory that was ever written.
    public List<Long> peakBytes() {
        return workers.stream().map(w -> w.device().memory().peakBytes()).toList();
    }

    /// For each device the nanoseconds that it has worked in all steps so far, without those in
    /// which it waited for other devices.
    public List<Long> busyNanos() {
        return workers.stream().map(DeviceWorker::busyNanos).toList();
    }

    /// Bytes that the last step allocated on the Java heap, on the threads of all devices and the
    /// caller's together.
    public long allocatedBytes() {
        long sum = callerAllocatedBytes;
        for (int i = 0; i < workers.size(); i++) {
            sum += workers.get(i).allocatedBytes();
        }
        return sum;
    }

    /// Ends the devices and frees everything. Closing again does nothing.
    ///
    /// @throws ProblemException `DeviceFailed` if something was written behind the end of a
    ///   device's memory
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        @Nullable RuntimeException failure = null;
        for (DeviceWorker worker : workers) {
            try {
                worker.close();
            } catch (RuntimeException e) {
                failure = failure == null ? e : failure;
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}
