package dev.partita.runtime.execute;

import dev.partita.compiler.plan.Binding;
import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.dsl.problem.NearMiss;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import dev.partita.runtime.state.HostTensor;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

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
    private final ExecutionPlan plan;
    private final Feed feed;
    private final StepControl control;
    private final List<DeviceWorker> workers = new ArrayList<>();
    private final WholeTensors tensors;
    private final Runnable cancel = this::cancel;
    private boolean inconsistent;
    private boolean closed;

    private Session(ExecutionPlan plan) {
        this.plan = plan;
        feed = new Feed(plan);
        var groups = new Groups(plan);
        control = new StepControl(groups.all());
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
                throw session.asException(failure);
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

    /// Runs the plan once on what [#feed] holds. Returns when every device is done.
    ///
    /// A step that does not complete has changed no weight, with one exception, which says so: a
    /// device that failed while it updated weights.
    ///
    /// @throws ProblemException `Interrupted` after [#cancel] or an interrupt of this thread (whose
    ///   interrupt status stays set); `NotFinite`, naming step, layer and line where the first NaN
    ///   or infinite number appeared; `DeviceFailed`, or the Problem that a kernel found, such as
    ///   `LabelOutOfRange`
    public void run() {
        requireUsable();
        feed.requireFilled();
        runDevices(false);
        if (outcome() == StepOutcome.COMPLETE && control.failure() == null) {
            return;
        }
        control.resetGroups();
        Throwable failure = control.failure();
        if (failure != null) {
            inconsistent = control.isCommitted();
            throw asException(failure);
        }
        if (outcome() == StepOutcome.NOT_FINITE) {
            throw notFinite();
        }
        control.takeCancelRequest();
        throw Problem.of(ProblemCode.INTERRUPTED, "The step was cancelled.")
                .fact("weights", "as the last complete step left them")
                .fix("go on with the next step, or stop here")
                .exception();
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

    /// How the step ended: all devices alike, unless some had to give up.
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
        int device = 0;
        for (int rank = 0; rank < workers.size(); rank++) {
            FirstNonFinite found = workers.get(rank).firstNonFinite();
            if (found != null && (first == null || found.place() < first.place())) {
                first = found;
                device = rank;
            }
        }
        Problem problem =
                Problem.of(ProblemCode.NOT_FINITE, "A value became NaN or infinite.")
                        .fact("step", (long) feed.scalar("step"));
        if (first != null) {
            problem = problem.fact("first in", first.what()).fact("device", device);
            if (!first.note().layer().isEmpty()) {
                problem = problem.fact("layer", first.note().layer());
            }
            problem = problem.at(first.note().origin());
        }
        return problem.fact("weights", "as the last complete step left them")
                .fix("lower the learning rate, warm it up, or look at the examples of this step")
                .exception();
    }

    private ProblemException asException(Throwable failure) {
        if (failure instanceof ProblemException problem) {
            return problem;
        }
        return Problem.of(ProblemCode.DEVICE_FAILED, "A device failed.")
                .fact("because", failure)
                .fact(
                        "weights",
                        inconsistent
                                ? "lost: some devices had changed theirs, others not"
                                : "as the last complete step left them")
                .fix(inconsistent ? "open the plan again" : "run the step again, or report this")
                .exception(failure);
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
        return gather(output).get(0);
    }

    /// A whole output after a step: `prediction`, `gradient/NAME`, …
    ///
    /// @throws ProblemException `InvalidArgument`, with the near miss
    public HostTensor gather(String output) {
        return tensors.gather(slot(Binding.Output.class, output));
    }

    /// A whole parameter as it is now.
    public HostTensor readParameter(String name) {
        return tensors.gather(slot(Binding.Parameter.class, name));
    }

    /// A whole optimizer state as it is now.
    public HostTensor readState(String name) {
        return tensors.gather(slot(Binding.State.class, name));
    }

    public void writeParameter(String name, HostTensor whole) {
        tensors.scatter(slot(Binding.Parameter.class, name), whole, name);
    }

    public void writeState(String name, HostTensor whole) {
        tensors.scatter(slot(Binding.State.class, name), whole, name);
    }

    /// Names of the bindings of one kind.
    public <B extends Binding> List<String> names(Class<B> kind) {
        return plan.program(0).bindings(kind).map(Binding::name).toList();
    }

    private <B extends Binding> int slot(Class<B> kind, String name) {
        return plan.program(0)
                .bindings(kind)
                .filter(binding -> binding.name().equals(name))
                .mapToInt(Binding::slot)
                .findFirst()
                .orElseThrow(() -> {
                    String word = kind.getSimpleName().toLowerCase(Locale.ROOT);
                    return Problem.of(
                                    ProblemCode.INVALID_ARGUMENT,
                                    "The plan has no " + word + " \"" + name + "\".")
                            .fix(NearMiss.fix(name, names(kind), word))
                            .exception();
                });
    }

    /// For each device the end of the highest byte of its memory that was ever written.
    public List<Long> peakBytes() {
        return workers.stream().map(w -> w.device().memory().peakBytes()).toList();
    }

    /// Bytes that the last step allocated on the Java heap, on the threads of all devices together.
    public long allocatedBytes() {
        long sum = 0;
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
