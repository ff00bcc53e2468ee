package dev.partita.kernels.cpu;

import dev.partita.kernels.Buffer;
import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelRequest;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// One pass over operands and results of equal sizes. Operands may be half floats, which are
/// widened a tile at a time. The body sees whole vectors only: the last few elements pass through
/// scratch memory, where what lies behind them does no harm.
final class VectorLoop implements Kernel {
    /// Bytes of each operand that the body is given at once: a few such stretches fit the first
    /// cache.
    static final int TILE = 4096;

    /// Computes `bytes`, whole vectors, from the operands at addresses `x` to the results at `y`.
    @FunctionalInterface
    interface Body {
        void compute(long[] x, long[] y, int bytes);
    }

    private final Body body;
    private final List<Stretches> operands;
    private final long[] results;
    private final long bytes;
    private final Arena arena = Arena.ofShared();
    private final long[] resultScratch;
    private final long[] x;
    private final long[] y;

    /// @param operands those of the request's operands that have as many elements as the results
    VectorLoop(Body body, List<Buffer> operands, KernelRequest request) {
        this.body = body;
        this.operands =
                operands.stream().map(each -> new Stretches(each, TILE / Float.BYTES)).toList();
        this.results = addresses(request.results());
        this.bytes = request.result(0).type().bytes();
        this.resultScratch = scratch(results.length);
        this.x = new long[operands.size()];
        this.y = new long[results.length];
    }

    @Override
    public void run() {
        long whole = bytes - bytes % Floats.STEP;
        for (long start = 0; start < whole; start += TILE) {
            long size = Math.min(TILE, whole - start);
            read(start, size);
            for (int i = 0; i < y.length; i++) {
                y[i] = results[i] + start;
            }
            body.compute(x, y, (int) size);
        }
        if (whole < bytes) {
            last(whole);
        }
    }

    private void read(long start, long size) {
        for (int i = 0; i < x.length; i++) {
            x[i] = operands.get(i).read(start / Float.BYTES, size / Float.BYTES, 0);
        }
    }

    private void last(long start) {
        read(start, bytes - start);
        body.compute(x, resultScratch, Floats.STEP);
        for (int i = 0; i < y.length; i++) {
            Floats.copy(resultScratch[i], results[i] + start, bytes - start);
        }
    }

    private long[] scratch(int count) {
        MemorySegment memory = arena.allocate((long) count * Floats.STEP, 64);
        var addresses = new long[count];
        for (int i = 0; i < count; i++) {
            addresses[i] = memory.address() + (long) i * Floats.STEP;
        }
        return addresses;
    }

    private static long[] addresses(List<Buffer> buffers) {
        return buffers.stream().mapToLong(buffer -> buffer.memory().address()).toArray();
    }

    @Override
    public long workspaceBytes() {
        return (long) (x.length + y.length) * Floats.STEP;
    }

    @Override
    public void close() {
        arena.close();
    }
}
