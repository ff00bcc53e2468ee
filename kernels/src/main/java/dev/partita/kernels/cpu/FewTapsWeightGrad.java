package dev.partita.kernels.cpu;

import static dev.partita.kernels.cpu.Floats.STEP;
import static dev.partita.kernels.cpu.Floats.all;
import static dev.partita.kernels.cpu.Floats.load;
import static dev.partita.kernels.cpu.Floats.spread;
import static dev.partita.kernels.cpu.Floats.store;

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
        FloatVector a0 = all(0);
        FloatVector a1 = all(0);
        FloatVector b0 = all(0);
        FloatVector b1 = all(0);
        FloatVector c0 = all(0);
        FloatVector c1 = all(0);
        long next = sizes.pixelBytes();
        int columns = (int) sizes.columns();
        for (int column = 0; column < columns; column++) {
            FloatVector dy0 = load(dy + column * pixel);
            FloatVector dy1 = load(dy + column * pixel + STEP);
            long offset = column * next;
            FloatVector a = spread(x0 + offset);
            a0 = dy0.fma(a, a0);
            a1 = dy1.fma(a, a1);
            FloatVector b = spread(x1 + offset);
            b0 = dy0.fma(b, b0);
            b1 = dy1.fma(b, b1);
            FloatVector c = spread(x2 + offset);
            c0 = dy0.fma(c, c0);
            c1 = dy1.fma(c, c1);
        }
        add(a0, a1, sum);
        add(b0, b1, sum + pixel);
        add(c0, c1, sum + 2 * pixel);
    }

    private static void add(FloatVector first, FloatVector second, long sum) {
        store(load(sum).add(first), sum);
        store(load(sum + STEP).add(second), sum + STEP);
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
