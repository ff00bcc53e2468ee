package dev.partita.kernels.cpu;

import static dev.partita.kernels.cpu.Floats.MEMORY;
import static dev.partita.kernels.cpu.Floats.ORDER;
import static dev.partita.kernels.cpu.Floats.SPECIES;
import static dev.partita.kernels.cpu.Floats.STEP;
import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static jdk.incubator.vector.FloatVector.zero;

import dev.partita.dsl.graph.Op;
import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelRequest;
import java.lang.foreign.Arena;
import java.util.Optional;
import jdk.incubator.vector.FloatVector;

/// Weight gradient of a convolution with few taps: three taps by two vectors of channels at a time,
/// summed along an output row. The bias is one more tap, whose image is a row of ones.
final class FewTapsWeightGrad implements Kernel {
    private static final int GROUP = 3;

    private final FewTaps sizes;
    private final long[] taps;
    private final long gradient;
    private final long image;
    private final long weightGrad;
    private final long biasGrad;
    private final boolean hasBias;
    private final Arena arena = Arena.ofShared();
    private final long workspaceBytes;
    private final long sums;
    private final long ones;

    /// Addresses of the taps of the current row; a whole number of groups, filled up with ones.
    private final long[] at;

    private FewTapsWeightGrad(FewTaps sizes, Op.Conv2dWeightGrad op, KernelRequest request) {
        this.sizes = sizes;
        taps = sizes.taps();
        hasBias = op.bias();
        gradient = request.operand(0).memory().address();
        image = request.operand(1).memory().address();
        weightGrad = request.result(0).memory().address();
        biasGrad = request.results().getLast().memory().address();
        at = new long[(taps.length + GROUP) / GROUP * GROUP];
        long sumBytes = at.length * sizes.channels() * Float.BYTES;
        long onesBytes = sizes.columns() * sizes.pixelBytes();
        workspaceBytes = sumBytes + onesBytes;
        sums = arena.allocate(workspaceBytes, 64).address();
        ones = sums + sumBytes;
        for (long i = 0; i < onesBytes; i += Float.BYTES) {
            Floats.set(ones + i, 1);
        }
    }

    static Optional<Kernel> open(Op.Conv2dWeightGrad op, KernelRequest request) {
        return FewTaps.of(
                        op.window(),
                        request.operand(1).type().shape(),
                        request.result(0).type().shape(),
                        request.operand(0).type().shape())
                .map(sizes -> new FewTapsWeightGrad(sizes, op, request));
    }

    @Override
    public void run() {
        int pixel = Math.toIntExact(sizes.channels() * Float.BYTES);
        Floats.clear(sums, (long) at.length * pixel);
        long dy = gradient;
        for (long b = 0; b < sizes.batch(); b++) {
            for (long row = 0; row < sizes.rows(); row++) {
                long x = image + b * sizes.imageBytes() + row * sizes.rowBytes();
                for (int tap = 0; tap < at.length; tap++) {
                    at[tap] = tap < taps.length ? x + taps[tap] : ones;
                }
                for (int c = 0; c < pixel; c += 2 * STEP) {
                    for (int tap = 0; tap < at.length; tap += GROUP) {
                        row(tap, dy + c, sums + (long) tap * pixel + c, pixel);
                    }
                }
                dy += sizes.columns() * pixel;
            }
        }
        unpack();
    }

    private void row(int tap, long dy, long sum, long pixel) {
        long x0 = at[tap];
        long x1 = at[tap + 1];
        long x2 = at[tap + 2];
        FloatVector a0 = zero(SPECIES);
        FloatVector a1 = zero(SPECIES);
        FloatVector b0 = zero(SPECIES);
        FloatVector b1 = zero(SPECIES);
        FloatVector c0 = zero(SPECIES);
        FloatVector c1 = zero(SPECIES);
        long next = sizes.pixelBytes();
        int columns = (int) sizes.columns();
        for (int column = 0; column < columns; column++) {
            FloatVector dy0 = fromMemorySegment(SPECIES, MEMORY, dy + column * pixel, ORDER);
            FloatVector dy1 = fromMemorySegment(SPECIES, MEMORY, dy + column * pixel + STEP, ORDER);
            long offset = column * next;
            FloatVector a = broadcast(SPECIES, Floats.get(x0 + offset));
            a0 = dy0.fma(a, a0);
            a1 = dy1.fma(a, a1);
            FloatVector b = broadcast(SPECIES, Floats.get(x1 + offset));
            b0 = dy0.fma(b, b0);
            b1 = dy1.fma(b, b1);
            FloatVector c = broadcast(SPECIES, Floats.get(x2 + offset));
            c0 = dy0.fma(c, c0);
            c1 = dy1.fma(c, c1);
        }
        a0.add(fromMemorySegment(SPECIES, MEMORY, sum, ORDER))
                .intoMemorySegment(MEMORY, sum, ORDER);
        a1.add(fromMemorySegment(SPECIES, MEMORY, sum + STEP, ORDER))
                .intoMemorySegment(MEMORY, sum + STEP, ORDER);
        b0.add(fromMemorySegment(SPECIES, MEMORY, sum + pixel, ORDER))
                .intoMemorySegment(MEMORY, sum + pixel, ORDER);
        b1.add(fromMemorySegment(SPECIES, MEMORY, sum + pixel + STEP, ORDER))
                .intoMemorySegment(MEMORY, sum + pixel + STEP, ORDER);
        c0.add(fromMemorySegment(SPECIES, MEMORY, sum + 2 * pixel, ORDER))
                .intoMemorySegment(MEMORY, sum + 2 * pixel, ORDER);
        c1.add(fromMemorySegment(SPECIES, MEMORY, sum + 2 * pixel + STEP, ORDER))
                .intoMemorySegment(MEMORY, sum + 2 * pixel + STEP, ORDER);
    }

    /// Sums by tap and channel become weights by channel and tap.
    private void unpack() {
        for (int tap = 0; tap < taps.length; tap++) {
            for (long o = 0; o < sizes.channels(); o++) {
                Floats.set(
                        weightGrad + (o * taps.length + tap) * Float.BYTES,
                        Floats.get(sums + (tap * sizes.channels() + o) * Float.BYTES));
            }
        }
        if (hasBias) {
            long bytes = sizes.channels() * Float.BYTES;
            Floats.copy(sums + taps.length * bytes, biasGrad, bytes);
        }
    }

    @Override
    public long workspaceBytes() {
        return workspaceBytes;
    }

    @Override
    public void close() {
        arena.close();
    }
}
