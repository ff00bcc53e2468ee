package dev.partita.kernels.cpu;

import dev.partita.dsl.tensor.Dtype;
import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelRequest;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// One pass over half floats by the loop for f32: a tile at a time is widened, computed and
/// rounded, so that memory sees half floats only.
final class HalfLoop implements Kernel {
    private static final int TILE_ELEMENTS = VectorLoop.TILE / Float.BYTES;

    private final VectorLoop.Body body;
    private final Dtype half;
    private final long[] operands;
    private final long result;
    private final long elements;
    private final Arena arena = Arena.ofShared();
    private final long[] x;
    private final long[] y;

    /// @param request all of whose buffers have as many elements, of one half type
    HalfLoop(VectorLoop.Body body, KernelRequest request) {
        this.body = body;
        half = request.result(0).type().dtype();
        operands = request.operands().stream().mapToLong(b -> b.memory().address()).toArray();
        result = request.result(0).memory().address();
        elements = request.result(0).type().shape().elements();
        MemorySegment tiles = arena.allocate(workspaceBytes(), 64);
        x = new long[operands.length];
        for (int i = 0; i < x.length; i++) {
            x[i] = tiles.address() + (long) i * VectorLoop.TILE;
        }
        y = new long[] {tiles.address() + (long) x.length * VectorLoop.TILE};
    }

    @Override
    public void run() {
        for (long start = 0; start < elements; start += TILE_ELEMENTS) {
            long count = Math.min(TILE_ELEMENTS, elements - start);
            for (int i = 0; i < x.length; i++) {
                HalfFloats.widen(half, operands[i] + 2 * start, x[i], count);
            }
            long bytes = Math.ceilDiv(count * Float.BYTES, (long) Floats.STEP) * Floats.STEP;
            body.compute(x, y, (int) bytes);
            HalfFloats.narrow(half, y[0], result + 2 * start, count);
        }
    }

    @Override
    public long workspaceBytes() {
        return (operands.length + 1L) * VectorLoop.TILE;
    }

    @Override
    public void close() {
        arena.close();
    }
}
