package dev.partita.kernels.cpu;

import static dev.partita.kernels.cpu.Floats.MEMORY;
import static dev.partita.kernels.cpu.Floats.ORDER;
import static dev.partita.kernels.cpu.Floats.SPECIES;
import static dev.partita.kernels.cpu.Floats.STEP;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import dev.partita.dsl.graph.BatchNorm;
import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelRequest;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/// Batch normalisation per channel, the innermost dim. What is per channel is repeated to a tile of
/// several rows, so that narrow images fill vectors too; every kernel passes over memory once.
final class ChannelNorms {
    /// Tiles added in f32 before they join the f64 totals.
    private static final int TILES = 16;

    private final KernelRequest request;
    private final long elements;
    private final int channels;
    private final int length;
    private final Repeated mean;

    private ChannelNorms(KernelRequest request) {
        this.request = request;
        elements = request.operand(0).type().shape().elements();
        channels = Math.toIntExact(request.operand(1).type().shape().elements());
        length = Repeated.length(channels);
        mean = new Repeated(channels);
    }

    static Kernel kernel(BatchNorm op, KernelRequest request) {
        var norms = new ChannelNorms(request);
        return switch (op) {
            case BatchNorm.Squares _ -> norms.squares();
            case BatchNorm.Normalize norm -> norms.normalize(norm);
            case BatchNorm.SumsGrad grad -> norms.sumsGrad(grad);
            case BatchNorm.InputGrad grad -> norms.inputGrad(grad);
        };
    }

    private Kernel squares() {
        MemorySegment result = request.result(0).memory();
        var sums = new Repeated(channels);
        var totals = new double[channels];
        return () -> {
            mean.load(memory(1));
            sums.clear();
            Arrays.fill(totals, 0);
            int tiles = 0;
            for (long start = 0; start < elements; start += length) {
                addSquares(at(0, start), mean.address(), sums.address(), count(start));
                if (++tiles % TILES == 0 || start + length >= elements) {
                    sums.addTo(totals);
                }
            }
            store(totals, result);
        };
    }

    private static void addSquares(long x, long mean, long sums, long count) {
        long bytes = count * Float.BYTES;
        long whole = bytes - bytes % STEP;
        for (long i = 0; i < whole; i += STEP) {
            FloatVector centred =
                    fromMemorySegment(SPECIES, MEMORY, x + i, ORDER)
                            .sub(fromMemorySegment(SPECIES, MEMORY, mean + i, ORDER));
            centred.fma(centred, fromMemorySegment(SPECIES, MEMORY, sums + i, ORDER))
                    .intoMemorySegment(MEMORY, sums + i, ORDER);
        }
        for (long i = whole; i < bytes; i += Float.BYTES) {
            float centred = Floats.get(x + i) - Floats.get(mean + i);
            Floats.set(sums + i, Math.fma(centred, centred, Floats.get(sums + i)));
        }
    }

    private Kernel normalize(BatchNorm.Normalize op) {
        var x = new Stretches(request.operand(0), length);
        var y = new Stretches(request.result(0), length);
        var scale = new Repeated(channels);
        var shift = new Repeated(channels);
        return () -> {
            mean.load(memory(1));
            shift.load(memory(4));
            for (int c = 0; c < channels; c++) {
                scale.set(c, number(3, c) / Math.sqrt(number(2, c) + op.epsilon()));
            }
            scale.repeat();
            for (long start = 0; start < elements; start += length) {
                long n = count(start);
                long from = x.read(start, n, 0);
                long to = y.place(start, n);
                scaleAndShift(from, to, Stretches.bytes(n), scale.address(), shift.address());
                y.written(start, n);
            }
        };
    }

    private void scaleAndShift(long x, long y, long bytes, long scale, long shift) {
        long centre = mean.address();
        for (long i = 0; i < bytes; i += STEP) {
            fromMemorySegment(SPECIES, MEMORY, x + i, ORDER)
                    .sub(fromMemorySegment(SPECIES, MEMORY, centre + i, ORDER))
                    .fma(
                            fromMemorySegment(SPECIES, MEMORY, scale + i, ORDER),
                            fromMemorySegment(SPECIES, MEMORY, shift + i, ORDER))
                    .intoMemorySegment(MEMORY, y + i, ORDER);
        }
    }

    private Kernel sumsGrad(BatchNorm.SumsGrad op) {
        MemorySegment dgain = request.result(0).memory();
        MemorySegment dshift = request.result(1).memory();
        var products = new Repeated(channels);
        var sums = new Repeated(channels);
        var productTotals = new double[channels];
        var totals = new double[channels];
        return () -> {
            mean.load(memory(1));
            products.clear();
            sums.clear();
            Arrays.fill(productTotals, 0);
            Arrays.fill(totals, 0);
            int tiles = 0;
            for (long start = 0; start < elements; start += length) {
                addProducts(
                        at(0, start),
                        at(3, start),
                        products.address(),
                        sums.address(),
                        count(start));
                if (++tiles % TILES == 0 || start + length >= elements) {
                    products.addTo(productTotals);
                    sums.addTo(totals);
                }
            }
            for (int c = 0; c < channels; c++) {
                productTotals[c] /= Math.sqrt(number(2, c) + op.epsilon());
            }
            store(productTotals, dgain);
            store(totals, dshift);
        };
    }

    private void addProducts(long x, long dy, long products, long sums, long count) {
        long centre = mean.address();
        long bytes = count * Float.BYTES;
        long whole = bytes - bytes % STEP;
        for (long i = 0; i < whole; i += STEP) {
            FloatVector gradient = fromMemorySegment(SPECIES, MEMORY, dy + i, ORDER);
            fromMemorySegment(SPECIES, MEMORY, x + i, ORDER)
                    .sub(fromMemorySegment(SPECIES, MEMORY, centre + i, ORDER))
                    .fma(gradient, fromMemorySegment(SPECIES, MEMORY, products + i, ORDER))
                    .intoMemorySegment(MEMORY, products + i, ORDER);
            gradient.add(fromMemorySegment(SPECIES, MEMORY, sums + i, ORDER))
                    .intoMemorySegment(MEMORY, sums + i, ORDER);
        }
        for (long i = whole; i < bytes; i += Float.BYTES) {
            float gradient = Floats.get(dy + i);
            float centred = Floats.get(x + i) - Floats.get(centre + i);
            Floats.set(products + i, Math.fma(centred, gradient, Floats.get(products + i)));
            Floats.set(sums + i, gradient + Floats.get(sums + i));
        }
    }

    /// `dx = a dy + b (x - mean) + c`, with three numbers per channel.
    private Kernel inputGrad(BatchNorm.InputGrad op) {
        var x = new Stretches(request.operand(0), length);
        var dy = new Stretches(request.operand(4), length);
        var dx = new Stretches(request.result(0), length);
        var a = new Repeated(channels);
        var b = new Repeated(channels);
        var c = new Repeated(channels);
        return () -> {
            mean.load(memory(1));
            for (int i = 0; i < channels; i++) {
                double rstd = 1 / Math.sqrt(number(2, i) + op.epsilon());
                double scale = number(3, i) * rstd;
                a.set(i, scale);
                b.set(i, -scale * rstd * number(5, i) / op.count());
                c.set(i, -scale * number(6, i) / op.count());
            }
            a.repeat();
            b.repeat();
            c.repeat();
            for (long start = 0; start < elements; start += length) {
                long n = count(start);
                long bytes = Stretches.bytes(n);
                long along = dx.place(start, n);
                scaleAndShift(x.read(start, n, 0), along, bytes, b.address(), c.address());
                addScaled(dy.read(start, n, 0), a.address(), along, bytes);
                dx.written(start, n);
            }
        };
    }

    /// `y += scale x`.
    private static void addScaled(long x, long scale, long y, long bytes) {
        for (long i = 0; i < bytes; i += STEP) {
            fromMemorySegment(SPECIES, MEMORY, x + i, ORDER)
                    .fma(
                            fromMemorySegment(SPECIES, MEMORY, scale + i, ORDER),
                            fromMemorySegment(SPECIES, MEMORY, y + i, ORDER))
                    .intoMemorySegment(MEMORY, y + i, ORDER);
        }
    }

    private MemorySegment memory(int operand) {
        return request.operand(operand).memory();
    }

    /// A channel's number in an operand.
    private float number(int operand, int channel) {
        return memory(operand).getAtIndex(ValueLayout.JAVA_FLOAT, channel);
    }

    /// Address of an operand's element.
    private long at(int operand, long element) {
        return memory(operand).address() + element * Float.BYTES;
    }

    /// Elements of the tile that starts at one.
    private long count(long start) {
        return Math.min(length, elements - start);
    }

    private static void store(double[] totals, MemorySegment result) {
        for (int c = 0; c < totals.length; c++) {
            result.setAtIndex(ValueLayout.JAVA_FLOAT, c, (float) totals[c]);
        }
    }
}
