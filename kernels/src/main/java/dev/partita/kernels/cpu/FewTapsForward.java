package dev.partita.kernels.cpu;

import static dev.partita.kernels.cpu.Floats.STEP;
import static dev.partita.kernels.cpu.Floats.load;
import static dev.partita.kernels.cpu.Floats.spread;
import static dev.partita.kernels.cpu.Floats.store;

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
        FloatVector bias0 = load(bias + channel);
        FloatVector bias1 = load(bias + channel + STEP);
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
            FloatVector w0 = load(weights);
            FloatVector w1 = load(weights + STEP);
            weights += pixel;
            long at = x + taps[tap];
            FloatVector a = spread(at);
            a0 = w0.fma(a, a0);
            a1 = w1.fma(a, a1);
            FloatVector b = spread(at + next);
            b0 = w0.fma(b, b0);
            b1 = w1.fma(b, b1);
            FloatVector c = spread(at + 2 * next);
            c0 = w0.fma(c, c0);
            c1 = w1.fma(c, c1);
            FloatVector d = spread(at + 3 * next);
            d0 = w0.fma(d, d0);
            d1 = w1.fma(d, d1);
        }
        finish(a0, a1, y);
        finish(b0, b1, y + pixel);
        finish(c0, c1, y + 2 * pixel);
        finish(d0, d1, y + 3 * pixel);
    }

    private void finish(FloatVector first, FloatVector second, long y) {
        store(relu ? first.max(0) : first, y);
        store(relu ? second.max(0) : second, y + STEP);
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
