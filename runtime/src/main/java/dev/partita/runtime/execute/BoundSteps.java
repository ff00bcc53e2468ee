package dev.partita.runtime.execute;

import dev.partita.compiler.plan.Program;
import dev.partita.compiler.plan.Step;
import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.tensor.TensorType;
import dev.partita.kernels.Buffer;
import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelLibrary;
import dev.partita.kernels.KernelRequest;
import dev.partita.runtime.collective.PendingCollective;
import java.util.List;

/// What each plan step of one device is bound to: computing steps to a kernel, starts and finishes
/// to a collective.
final class BoundSteps implements AutoCloseable {
    private final Program program;
    private final SlotBuffers buffers;
    private final Kernel[] kernels;
    private final PendingCollective[] collectives;
    private final Step.Start[] starts;

    BoundSteps(
            int rank, Program program, SlotBuffers buffers, KernelLibrary library, Groups groups) {
        this.program = program;
        this.buffers = buffers;
        int length = program.steps().size();
        kernels = new Kernel[length];
        collectives = new PendingCollective[length];
        starts = new Step.Start[length];
        try {
            for (int i = 0; i < length; i++) {
                bind(i, rank, library, groups);
            }
        } catch (Throwable e) {
            close();
            throw e;
        }
    }

    private void bind(int i, int rank, KernelLibrary library, Groups groups) {
        switch (program.steps().get(i)) {
            case Step.Compute compute -> kernels[i] = open(compute, library);
            case Step.Start start -> {
                starts[i] = start;
                collectives[i] =
                        groups.communicator(rank, start.op())
                                .open(
                                        start.op(),
                                        start.tag(),
                                        buffers(start.op(), start.sources()),
                                        buffers(start.op(), start.targets()));
            }
            case Step.Finish finish -> {
                int start = startOf(finish.tag());
                starts[i] = starts[start];
                collectives[i] = collectives[start];
            }
            case Step.RequireFinite _ -> {}
        }
    }

    /// The values of an all-reduce lie side by side, and are summed as one.
    private List<Buffer> buffers(Reshard.Collective op, List<Integer> slots) {
        return op instanceof Reshard.AllReduce
                ? List.of(buffers.joined(slots))
                : buffers.get(slots);
    }

    private int startOf(int tag) {
        for (int i = 0; i < starts.length; i++) {
            if (starts[i] != null && starts[i].tag() == tag) {
                return i;
            }
        }
        throw new IllegalArgumentException("collective #" + tag + " never starts");
    }

    private Kernel open(Step.Compute compute, KernelLibrary library) {
        List<Buffer> operands = buffers.get(compute.reads());
        List<Buffer> results = buffers.get(compute.writes());
        return library.open(new KernelRequest(compute.op(), operands, results))
                .orElseThrow(() ->
                        Problem.of(
                                        ProblemCode.UNSUPPORTED_KERNEL,
                                        "The kernels have no way to compute an op.")
                                .fact("op", compute.op())
                                .fact("reads", types(operands))
                                .fact("writes", types(results))
                                .fact("kernels", library.name())
                                .fix("use other kernels, or another dtype")
                                .at(compute.note().origin())
                                .exception());
    }

    private static List<TensorType> types(List<Buffer> buffers) {
        return buffers.stream().map(Buffer::type).toList();
    }

    Kernel kernel(int step) {
        return kernels[step];
    }

    PendingCollective collective(int step) {
        return collectives[step];
    }

    /// The slots whose content is complete after this plan step.
    List<Integer> completes(int step) {
        return switch (program.steps().get(step)) {
            case Step.Compute compute -> compute.writes();
            case Step.Finish _ -> starts[step].targets();
            case Step.Start _, Step.RequireFinite _ -> List.of();
        };
    }

    /// What this plan step does, for a message.
    String describe(int step) {
        return switch (program.steps().get(step)) {
            case Step.Compute compute -> compute.op().toString();
            case Step.Start start -> start.op().toString();
            case Step.Finish _ -> starts[step].op().toString();
            case Step.RequireFinite require -> require.what();
        };
    }

    /// Closes every kernel that was opened.
    @Override
    public void close() {
        for (Kernel kernel : kernels) {
            if (kernel != null) {
                kernel.close();
            }
        }
    }
}
