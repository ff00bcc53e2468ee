package dev.partita.runtime.execute;

import com.sun.management.ThreadMXBean;
import dev.partita.compiler.plan.Binding;
import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.compiler.plan.Program;
import dev.partita.kernels.Buffer;
import dev.partita.kernels.Initialization;
import dev.partita.runtime.collective.BlockCopy;
import dev.partita.runtime.collective.GroupAbortedException;
import dev.partita.runtime.collective.Part;
import dev.partita.runtime.device.HostDevice;
import dev.partita.runtime.state.Elements;
import java.lang.management.ManagementFactory;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// One device of a session: its thread and memory, its share of the inputs, and its program.
final class DeviceWorker implements AutoCloseable {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private final int rank;
    private final Program program;
    private final HostDevice device;
    private final SlotBuffers buffers;
    private final Buffer[] inputs;
    private final BlockCopy[] inputCopies;
    private final int[] feedIndex;
    private final Groups groups;
    private final StepControl control;
    private final Feed feed;
    private final boolean rehearses;
    private final Runnable runPlainStep = this::plainStep;
    private final Runnable runCheckedStep = this::checkedStep;
    private @Nullable StepRunner runner;
    private StepOutcome outcome = StepOutcome.COMPLETE;
    private long allocatedBytes;
    private long busyNanos;

    DeviceWorker(ExecutionPlan plan, int rank, Groups groups, StepControl control, Feed feed) {
        this.rank = rank;
        this.groups = groups;
        this.control = control;
        this.feed = feed;
        program = plan.program(rank);
        device = new HostDevice(rank, program.arenaBytes());
        buffers = new SlotBuffers(program, plan.mesh(), rank, device.memory());
        inputs =
                program.bindings(Binding.Input.class)
                        .map(input -> buffers.get(input.slot()))
                        .toArray(Buffer[]::new);
        feedIndex =
                program.bindings(Binding.Input.class)
                        .mapToInt(input -> feed.index(input.name()))
                        .toArray();
        rehearses = plan.programOf().indexOf(plan.programOf().get(rank)) == rank;
        inputCopies = new BlockCopy[inputs.length];
        for (int i = 0; i < inputs.length; i++) {
            Part block = Part.at(inputs[i].region(), inputs[i].type());
            inputCopies[i] = new BlockCopy(block, Part.whole(inputs[i].type()));
        }
    }

    Buffer buffer(int slot) {
        return buffers.get(slot);
    }

    HostDevice device() {
        return device;
    }

    StepOutcome outcome() {
        return outcome;
    }

    /// See [StepRunner#lowerLossScale]; the device is idle.
    boolean lowerLossScale() {
        return runner != null && runner.lowerLossScale();
    }

    @Nullable FirstNonFinite firstNonFinite() {
        return runner == null ? null : runner.firstNonFinite();
    }

    /// Bytes that the last step allocated on the Java heap, on this device's thread.
    long allocatedBytes() {
        return allocatedBytes;
    }

    /// Nanoseconds that this device has worked in all steps so far, without waiting for others.
    long busyNanos() {
        return busyNanos;
    }

    /// Starts opening the kernels and communicators and setting the first weights, on the device's
    /// thread.
    void startOpening(SessionOptions options) {
        device.start(() -> open(options));
    }

    private void open(SessionOptions options) {
        options.library().prepareThread();
        var opened = new StepRunner(rank, program, buffers, options.library(), groups, control);
        runner = opened;
        if (options.rehearse() && rehearses) {
            opened.rehearse();
            device.memory().repaint();
        }
        initialise(options.seed());
    }

    private void initialise(long seed) {
        for (Binding binding : program.bindings()) {
            Buffer buffer = buffers.get(binding.slot());
            switch (binding) {
                case Binding.Parameter(String name, int _, var initializer) ->
                        Initialization.fill(buffer, initializer, seed, name);
                case Binding.State(String _, int _, double initial) -> {
                    for (long i = 0; i < buffer.type().shape().elements(); i++) {
                        Elements.set(buffer.type().dtype(), buffer.memory(), i, initial);
                    }
                }
                case Binding.Input _, Binding.Output _ -> {}
            }
        }
    }

    void startStep(boolean checked) {
        device.start(checked ? runCheckedStep : runPlainStep);
    }

    private void plainStep() {
        step(false);
    }

    private void checkedStep() {
        step(true);
    }

    private void step(boolean checked) {
        long before = THREADS.getCurrentThreadAllocatedBytes();
        long start = System.nanoTime() - groups.clock(rank).nanos();
        try {
            readInputs();
            outcome = runner == null ? StepOutcome.GIVEN_UP : runner.run(checked);
        } catch (GroupAbortedException e) {
            outcome = StepOutcome.GIVEN_UP;
        } catch (Throwable e) {
            outcome = StepOutcome.GIVEN_UP;
            control.fail(e);
        }
        busyNanos += System.nanoTime() - groups.clock(rank).nanos() - start;
        allocatedBytes = THREADS.getCurrentThreadAllocatedBytes() - before;
    }

    private void readInputs() {
        for (int i = 0; i < inputs.length; i++) {
            inputCopies[i].copy(feed.source(feedIndex[i]), inputs[i].memory());
        }
    }

    /// Begins a step that is gone through plan step by plan step; the device is idle.
    void begin() {
        readInputs();
        runner().begin(false);
    }

    /// Starts one plan step, after all before it.
    void startPlanStep(int i) {
        device.start(() -> {
            try {
                outcome = runner().advance(i, false);
            } catch (GroupAbortedException e) {
                outcome = StepOutcome.GIVEN_UP;
            }
        });
    }

    /// The open program; the device is idle.
    StepRunner runner() {
        return Objects.requireNonNull(runner, "the device is not open");
    }

    /// Waits for what was started.
    @Nullable Throwable await(Runnable onInterrupt) {
        return device.await(onInterrupt);
    }

    /// Closes the kernels on the device's thread, then the device.
    @Override
    public void close() {
        StepRunner opened = runner;
        if (opened != null) {
            runner = null;
            device.start(opened::close);
            device.await(() -> {});
        }
        device.close();
    }
}
