package dev.partita.kernels;

import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.dsl.tensor.TensorType;
import java.util.ArrayList;
import java.util.List;

/// An op on half floats, or on some beside wider ones, by the kernel for one wide type: operands
/// are cast before it, results once after, so that whatever it sums is summed wide.
public final class WideKernel implements Kernel {
    private final Scratch scratch;
    private final List<Kernel> before = new ArrayList<>();
    private final List<Kernel> after = new ArrayList<>();
    private final Kernel kernel;
    private final Kernel[] all;

    private WideKernel(KernelLibrary library, KernelRequest request, Dtype wide) {
        scratch = new Scratch();
        try {
            List<Buffer> operands = new ArrayList<>();
            for (Buffer operand : request.operands()) {
                Buffer copy = copy(operand, wide);
                operands.add(copy);
                if (copy.type().dtype() != operand.type().dtype()) {
                    before.add(cast(library, operand, copy));
                }
            }
            List<Buffer> results = new ArrayList<>();
            for (Buffer result : request.results()) {
                Buffer copy = copy(result, wide);
                results.add(copy);
                if (copy.type().dtype() != result.type().dtype()) {
                    after.add(cast(library, copy, result));
                }
            }
            kernel = library.require(new KernelRequest(request.op(), operands, results));
        } catch (Throwable e) {
            close(before);
            close(after);
            scratch.close();
            throw e;
        }
        List<Kernel> inOrder = new ArrayList<>(before);
        inOrder.add(kernel);
        inOrder.addAll(after);
        all = inOrder.toArray(Kernel[]::new);
    }

    /// True if some of the buffers hold half floats that the op computes with, rather than moves.
    public static boolean concerns(KernelRequest request) {
        boolean moves =
                request.op() instanceof Op.Cast
                        || request.op() instanceof Op.Flatten
                        || request.op() instanceof Op.Unflatten
                        || request.op() instanceof Op.MicroBatch
                        || request.op() instanceof Reshard;
        return !moves && request.buffers().anyMatch(b -> isHalf(b.type().dtype()));
    }

    /// A kernel for a request that it concerns. Opened by the thread that runs it.
    ///
    /// @param library has kernels for casts and for the op in `wide`
    public static Kernel open(KernelLibrary library, KernelRequest request, Dtype wide) {
        return new WideKernel(library, request, wide);
    }

    private static boolean isHalf(Dtype dtype) {
        return dtype == Dtype.BF16 || dtype == Dtype.F16;
    }

    private Buffer copy(Buffer buffer, Dtype wide) {
        Dtype own = buffer.type().dtype();
        if (!own.isFloating() || own == wide) {
            return buffer;
        }
        TensorType type = buffer.type().withDtype(wide);
        return new Buffer(type, buffer.region(), scratch.take(type.bytes()));
    }

    private static Kernel cast(KernelLibrary library, Buffer from, Buffer to) {
        var op = new Op.Cast(to.type().dtype());
        return library.require(new KernelRequest(op, List.of(from), List.of(to)));
    }

    @Override
    public void run() {
        for (Kernel each : all) {
            each.run();
        }
    }

    @Override
    public long workspaceBytes() {
        return scratch.bytes() + kernel.workspaceBytes();
    }

    @Override
    public void close() {
        close(List.of(all));
        scratch.close();
    }

    private static void close(List<Kernel> kernels) {
        kernels.forEach(Kernel::close);
    }
}
