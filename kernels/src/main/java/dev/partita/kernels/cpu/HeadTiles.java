package dev.partita.kernels.cpu;

import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Wide;
import dev.partita.dsl.tensor.Dim;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.dsl.tensor.Shape;
import dev.partita.dsl.tensor.TensorType;
import dev.partita.kernels.Buffer;
import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelRequest;
import dev.partita.kernels.SeenKeys;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Scratch memory for one head of attention, and matmuls over parts of it, all made when a kernel
/// is opened. Queries are taken in blocks, so the scores of a block against all keys are the most
/// that is ever there (FlashAttention, Dao et al. 2022, with rows for tiles: a row's softmax is
/// complete, and needs no correction).
final class HeadTiles implements AutoCloseable {
    /// Queries of a block.
    static final int BLOCK = 64;

    /// Type of the tensors, and of the numbers that are multiplied.
    final Dtype dtype;

    final int queries;
    final int keys;
    final int size;
    private final SeenKeys seen;
    private final Arena arena = Arena.ofShared();
    private final List<Kernel> matmuls = new ArrayList<>();
    private long bytes;

    /// @param q queries `[batch, position, heads, queries, size]`
    /// @param k keys `[batch, position, heads, size]`
    HeadTiles(Buffer q, Buffer k, boolean causal) {
        dtype = q.type().dtype();
        queries = Math.toIntExact(q.type().shape().size(1));
        size = Math.toIntExact(q.type().shape().size(4));
        keys = Math.toIntExact(k.type().shape().size(1));
        seen = SeenKeys.of(q, k, causal);
    }

    int blocks() {
        return Math.ceilDiv(queries, BLOCK);
    }

    /// Queries of a block.
    int rows(int block) {
        return Math.min(BLOCK, queries - block * BLOCK);
    }

    /// How many keys, from the first, a query sees.
    int seen(int query) {
        return seen.count(query);
    }

    /// True if some query sees some key.
    boolean seesAny() {
        return columns(blocks() - 1) > 0;
    }

    /// How many keys the last query of a block sees, and so the most of any.
    int columns(int block) {
        return seen(block * BLOCK + rows(block) - 1);
    }

    /// Zeroes what lies behind the keys that are seen, up to the end of the row's last vector.
    static void clearBehind(long row, int seen, int columns) {
        Floats.fillVector(row, seen, 0);
        long bytes = Stretches.bytes(seen);
        Floats.clear(row + bytes, Stretches.bytes(columns) - bytes);
    }

    /// A matrix of scratch memory, of the tensors' type.
    Numbers matrix(long rows, long columns) {
        return matrix(dtype, rows, columns);
    }

    /// A matrix of scratch memory for sums.
    Numbers sums(long rows, long columns) {
        return matrix(Dtype.F32, rows, columns);
    }

    private Numbers matrix(Dtype elements, long rows, long columns) {
        long size = rows * columns * elements.bytes();
        bytes += size;
        return new Numbers(elements, arena.allocate(size, 64));
    }

    /// A matmul over scratch memory; `left` and `right` are `[rows, columns]` as the einsum has
    /// them. It sums in f32, whatever it reads and stores.
    Kernel matmul(String einsum, Part left, Part right, Part result) {
        var op = new Wide(Op.Einsum.of(einsum), List.of(result.matrix.dtype()));
        Kernel kernel = new CpuLibrary().require(request(op, left, right, result));
        matmuls.add(kernel);
        return kernel;
    }

    /// The same for sums, where the product is added to what is there.
    Kernel matmulAdding(String einsum, Part left, Part right, Part sum) {
        var op = Op.Einsum.of(einsum);
        Optional<Kernel> whole = OneDnnMatmul.adding(op, request(op, left, right, sum));
        whole.ifPresent(matmuls::add);
        return whole.orElseGet(() -> inTwoSteps(einsum, left, right, sum));
    }

    private Kernel inTwoSteps(String einsum, Part left, Part right, Part sum) {
        var product = Part.first(sums(sum.rows, sum.columns), sum.rows, sum.columns);
        Kernel matmul = matmul(einsum, left, right, product);
        long from = product.memory().address();
        long to = sum.memory().address();
        return () -> {
            matmul.run();
            Floats.add(from, to, sum.memory().byteSize());
        };
    }

    private static KernelRequest request(Op op, Part left, Part right, Part result) {
        return new KernelRequest(
                op,
                List.of(left.buffer("a", "b"), right.buffer("c", "d")),
                List.of(result.buffer("e", "f")));
    }

    /// The first rows of a matrix, or of what follows a row of it.
    record Part(Numbers matrix, long firstRow, long rows, long columns) {
        static Part first(Numbers matrix, long rows, long columns) {
            return new Part(matrix, 0, rows, columns);
        }

        MemorySegment memory() {
            long row = columns * matrix.dtype().bytes();
            return matrix.memory().asSlice(firstRow * row, rows * row);
        }

        Buffer buffer(String outer, String inner) {
            var shape = Shape.of(new Dim(outer, rows), new Dim(inner, columns));
            return Buffer.whole(new TensorType(matrix.dtype(), shape), memory());
        }
    }

    long workspaceBytes() {
        return bytes + matmuls.stream().mapToLong(Kernel::workspaceBytes).sum();
    }

    @Override
    public void close() {
        matmuls.forEach(Kernel::close);
        arena.close();
    }
}
