package dev.partita.kernels.cpu;

import dev.partita.dsl.graph.Update;
import dev.partita.dsl.tensor.Dim;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.dsl.tensor.Shape;
import dev.partita.dsl.tensor.TensorType;
import dev.partita.kernels.Buffer;
import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelRequest;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// The step of several f32 weights. Neighbours whose weights, gradients and states all lie side by
/// side are updated as one flat tensor, with what little lies unused between them.
final class FlatUpdates implements Kernel {
    /// Tensors that lie side by side begin at multiples of this many bytes.
    private static final long ALIGNMENT = 64;

    private final Kernel[] runs;

    private FlatUpdates(List<Kernel> runs) {
        this.runs = runs.toArray(Kernel[]::new);
    }

    static Kernel open(Update.Together op, KernelRequest request) {
        List<Kernel> runs = new ArrayList<>();
        for (KernelRequest run : runs(op, request)) {
            runs.add(new VectorLibrary().require(run));
        }
        return new FlatUpdates(runs);
    }

    /// The requests of all weights, neighbours joined.
    static List<KernelRequest> runs(Update.Together op, KernelRequest request) {
        Set<Integer> tensors = new HashSet<>(op.step().inPlace());
        tensors.add(1); // the gradient
        List<KernelRequest> runs = new ArrayList<>();
        for (int i = 0; i < op.count(); i++) {
            var next =
                    new KernelRequest(
                            op.step(), op.of(i, request.operands()), op.of(i, request.results()));
            KernelRequest last = runs.isEmpty() ? null : runs.getLast();
            if (last != null && areNeighbours(last, next, tensors)) {
                runs.set(runs.size() - 1, joined(last, next, tensors));
            } else {
                runs.add(next);
            }
        }
        return runs;
    }

    private static boolean areNeighbours(
            KernelRequest first, KernelRequest second, Set<Integer> tensors) {
        long distance = elements(first.operand(0), second.operand(0));
        for (int i = 0; i < first.operands().size(); i++) {
            boolean follows =
                    tensors.contains(i)
                            ? follows(first.operand(i), second.operand(i))
                                    && elements(first.operand(i), second.operand(i)) == distance
                            : address(first.operand(i)) == address(second.operand(i));
            if (!follows) {
                return false;
            }
        }
        for (int i = 0; i < first.results().size(); i++) {
            if (!follows(first.result(i), second.result(i))) {
                return false;
            }
        }
        return true;
    }

    /// Of one type too: gradients may be half floats beside gradients that are not.
    private static boolean follows(Buffer first, Buffer second) {
        long end = address(first) + first.type().bytes();
        return first.type().dtype() == second.type().dtype()
                && Math.ceilDiv(end, ALIGNMENT) * ALIGNMENT == address(second);
    }

    /// From the first element of one to the first of another.
    private static long elements(Buffer first, Buffer second) {
        return (address(second) - address(first)) / first.type().dtype().bytes();
    }

    private static KernelRequest joined(
            KernelRequest first, KernelRequest second, Set<Integer> tensors) {
        List<Buffer> operands = new ArrayList<>();
        for (int i = 0; i < first.operands().size(); i++) {
            operands.add(
                    tensors.contains(i)
                            ? flat(first.operand(i), second.operand(i))
                            : first.operand(i));
        }
        List<Buffer> results = new ArrayList<>();
        for (int i = 0; i < first.results().size(); i++) {
            results.add(flat(first.result(i), second.result(i)));
        }
        return new KernelRequest(first.op(), operands, results);
    }

    /// The memory of both and what is between, as one tensor.
    private static Buffer flat(Buffer first, Buffer second) {
        long bytes = address(second) + second.type().bytes() - address(first);
        Dtype dtype = first.type().dtype();
        var type = new TensorType(dtype, Shape.of(new Dim("flat", bytes / dtype.bytes())));
        return Buffer.whole(type, Floats.MEMORY.asSlice(address(first), bytes));
    }

    private static long address(Buffer buffer) {
        return buffer.memory().address();
    }

    @Override
    public void run() {
        for (Kernel run : runs) {
            run.run();
        }
    }

    @Override
    public long workspaceBytes() {
        long bytes = 0;
        for (Kernel run : runs) {
            bytes += run.workspaceBytes();
        }
        return bytes;
    }

    @Override
    public void close() {
        for (Kernel run : runs) {
            run.close();
        }
    }
}
