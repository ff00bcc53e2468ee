package dev.partita.kernels.cpu;

import static dev.partita.kernels.cpu.Floats.MEMORY;
import static dev.partita.kernels.cpu.Floats.ORDER;
import static dev.partita.kernels.cpu.Floats.SPECIES;
import static dev.partita.kernels.cpu.Floats.STEP;
import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import dev.partita.dsl.graph.Op;
import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelRequest;
import java.lang.foreign.Arena;
import java.util.Optional;
import jdk.incubator.vector.FloatVector;

/// Forward convolution with few taps: four pixels by two vectors of channels at a time.
final class FewTapsForward implements Kernel {
    private final FewTaps sizes;
    private final long[] taps;
    private final boolean relu;
    private final long image;
    private final long weight;
    private final long bias;
    private final long output;
    private final Arena arena = Arena.ofShared();
    private final long workspaceBytes;
    private final long packed;
    private final long noBias;

    private FewTapsForward(FewTaps sizes, Op.Conv2d op, KernelRequest request) {
        this.sizes = sizes;
        taps = sizes.taps();
        relu = op.epilogue().hasRelu();
        image = request.operand(0).memory().address();
        weight = request.operand(1).memory().address();
        output = request.result(0).memory().address();
        long channelBytes = sizes.channels() * Float.BYTES;
        workspaceBytes = (taps.length + 1) * channelBytes;
        packed = arena.allocate(workspaceBytes, 64).address();
        noBias = packed + taps.length * channelBytes;
        bias = op.epilogue().hasBias() ? request.operand(2).memory().address() : noBias;
    }

    static Optional<Kernel> open(Op.Conv2d op, KernelRequest request) {
        return FewTaps.of(
                        op.window(),
                        request.operand(0).type().shape(),
                        request.operand(1).type().shape(),
                        request.result(0).type().shape())
                .map(sizes -> new FewTapsForward(sizes, op, request));
    }

    @Override
    public void run() {
        pack();
        int pixel = Math.toIntExact(sizes.channels() * Float.BYTES);
        int columns = Math.toIntExact(sizes.columns());
        long y = output;
        for (long b = 0; b < sizes.batch(); b++) {
            for (long row = 0; row < sizes.rows(); row++) {
                long x = image + b * sizes.imageBytes() + row * sizes.rowBytes();
                for (int column = 0; column < columns; column += FewTaps.PIXELS) {
                    // the last four of a row may have been computed in part before
                    long start = Math.min(column, columns - FewTaps.PIXELS);
                    for (int c = 0; c < pixel; c += 2 * STEP) {
                        pixels(x + start * sizes.pixelBytes(), y + start * pixel + c, c, pixel);
                    }
                }
                y += (long) columns * pixel;
            }
        }
    }

    /// Weights by tap, then by output channel.
    private void pack() {
        for (int tap = 0; tap < taps.length; tap++) {
            for (long o = 0; o < sizes.channels(); o++) {
                Floats.set(
                        packed + (tap * sizes.channels() + o) * Float.BYTES,
                        Floats.get(weight + (o * taps.length + tap) * Float.BYTES));
            }
        }
    }

    private void pixels(long x, long y, long channel, long pixel) {
        FloatVector bias0 = fromMemorySegment(SPECIES, MEMORY, bias + channel, ORDER);
        FloatVector bias1 = fromMemorySegment(SPECIES, MEMORY, bias + channel + STEP, ORDER);
        FloatVector a0 = bias0;
        FloatVector a1 = bias1;
        FloatVector b0 = bias0;
        FloatVector b1 = bias1;
        FloatVector c0 = bias0;
        FloatVector c1 = bias1;
        FloatVector d0 = bias0;
        FloatVector d1 = bias1;
        long next = sizes.pixelBytes();
        long weights = packed + channel;
        for (int tap = 0; tap < taps.length; tap++) {
            FloatVector w0 = fromMemorySegment(SPECIES, MEMORY, weights, ORDER);
            FloatVector w1 = fromMemorySegment(SPECIES, MEMORY, weights + STEP, ORDER);
            weights += pixel;
            long at = x + taps[tap];
            FloatVector a = broadcast(SPECIES, Floats.get(at));
            a0 = w0.fma(a, a0);
            a1 = w1.fma(a, a1);
            FloatVector b = broadcast(SPECIES, Floats.get(at + next));
            b0 = w0.fma(b, b0);
            b1 = w1.fma(b, b1);
            FloatVector c = broadcast(SPECIES, Floats.get(at + 2 * next));
            c0 = w0.fma(c, c0);
            c1 = w1.fma(c, c1);
            FloatVector d = broadcast(SPECIES, Floats.get(at + 3 * next));
            d0 = w0.fma(d, d0);
            d1 = w1.fma(d, d1);
        }
        a0.intoMemorySegment(MEMORY, y, ORDER);
        a1.intoMemorySegment(MEMORY, y + STEP, ORDER);
        b0.intoMemorySegment(MEMORY, y + pixel, ORDER);
        b1.intoMemorySegment(MEMORY, y + pixel + STEP, ORDER);
        c0.intoMemorySegment(MEMORY, y + 2 * pixel, ORDER);
        c1.intoMemorySegment(MEMORY, y + 2 * pixel + STEP, ORDER);
        d0.intoMemorySegment(MEMORY, y + 3 * pixel, ORDER);
        d1.intoMemorySegment(MEMORY, y + 3 * pixel + STEP, ORDER);
        if (relu) {
            for (int p = 0; p < FewTaps.PIXELS; p++) {
                positive(y + p * pixel);
                positive(y + p * pixel + STEP);
            }
        }
    }

    private static void positive(long y) {
        fromMemorySegment(SPECIES, MEMORY, y, ORDER).max(0).intoMemorySegment(MEMORY, y, ORDER);
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
