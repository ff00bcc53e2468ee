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
/// several rows, so that narrow images fill vectors too; every kernel passes over memory once,
/// group by group where the batch has groups with statistics of their own.
final class ChannelNorms {
    /// Tiles added in f32 before they join the f64 totals.
    private static final int TILES = 16;

    private final KernelRequest request;
    private final int channels;
    private final int groups;

    /// Elements of a group.
    private final long elements;

    private final int length;
    private final Repeated mean;

    private ChannelNorms(KernelRequest request) {
        this.request = request;
        channels = Math.toIntExact(request.operand(0).type().shape().dims().getLast().size());
        long statistics = request.operand(1).type().shape().elements();
        groups = Math.toIntExact(statistics / channels);
        elements = request.operand(0).type().shape().elements() / groups;
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
        return forEachGroup(group -> {
            mean.load(memory(1), group);
            sums.clear();
            Arrays.fill(totals, 0);
            int tiles = 0;
            for (long start = 0; start < elements; start += length) {
                long x = at(0, group, start);
                addSquares(x, mean.address(), sums.address(), count(start));
                if (++tiles % TILES == 0 || start + length >= elements) {
                    sums.addTo(totals);
                }
            }
            store(totals, result, group);
        });
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
        return forEachGroup(group -> {
            mean.load(memory(1), group);
            shift.load(memory(4), 0);
            for (int c = 0; c < channels; c++) {
                scale.set(c, channel(3, c) * rstd(group, c, op.epsilon()));
            }
            scale.repeat();
            for (long start = 0; start < elements; start += length) {
                long n = count(start);
                long first = group * elements + start;
                long from = x.read(first, n, 0);
                long to = y.place(first, n);
                scaleAndShift(from, to, Stretches.bytes(n), scale.address(), shift.address());
                y.written(first, n);
            }
        });
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
        return forEachGroup(group -> {
            mean.load(memory(1), group);
            products.clear();
            sums.clear();
            Arrays.fill(productTotals, 0);
            Arrays.fill(totals, 0);
            int tiles = 0;
            for (long start = 0; start < elements; start += length) {
                addProducts(
                        at(0, group, start),
                        at(3, group, start),
                        products.address(),
                        sums.address(),
                        count(start));
                if (++tiles % TILES == 0 || start + length >= elements) {
                    products.addTo(productTotals);
                    sums.addTo(totals);
                }
            }
            for (int c = 0; c < channels; c++) {
                productTotals[c] *= rstd(group, c, op.epsilon());
            }
            store(productTotals, dgain, group);
            store(totals, dshift, group);
        });
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
        return forEachGroup(group -> {
            mean.load(memory(1), group);
            for (int i = 0; i < channels; i++) {
                double rstd = rstd(group, i, op.epsilon());
                double scale = channel(3, i) * rstd;
                a.set(i, scale);
                b.set(i, -scale * rstd * statistic(5, group, i) / op.count());
                c.set(i, -scale * statistic(6, group, i) / op.count());
            }
            a.repeat();
            b.repeat();
            c.repeat();
            for (long start = 0; start < elements; start += length) {
                long n = count(start);
                long first = group * elements + start;
                long bytes = Stretches.bytes(n);
                long along = dx.place(first, n);
                scaleAndShift(x.read(first, n, 0), along, bytes, b.address(), c.address());
                addScaled(dy.read(first, n, 0), a.address(), along, bytes);
                dx.written(first, n);
            }
        });
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

    /// What a kernel does with the elements of one group.
    private interface OfGroup {
        void run(int group);
    }

    private Kernel forEachGroup(OfGroup kernel) {
        return () -> {
            for (int group = 0; group < groups; group++) {
                kernel.run(group);
            }
        };
    }

    private MemorySegment memory(int operand) {
        return request.operand(operand).memory();
    }

    /// A channel's number in an operand that has one per channel.
    private float channel(int operand, int channel) {
        return memory(operand).getAtIndex(ValueLayout.JAVA_FLOAT, channel);
    }

    /// A channel's number in an operand that has one per group and channel.
    private float statistic(int operand, int group, int channel) {
        return channel(operand, group * channels + channel);
    }

    /// One by the standard deviation of a channel in a group, of which operand 2 is the variance.
    private double rstd(int group, int channel, double epsilon) {
        return 1 / Math.sqrt(statistic(2, group, channel) + epsilon);
    }

    /// Address of a group's element in an operand.
    private long at(int operand, int group, long element) {
        return memory(operand).address() + (group * elements + element) * Float.BYTES;
    }

    /// Elements of the tile of a group that starts at one.
    private long count(long start) {
        return Math.min(length, elements - start);
    }

    private static void store(double[] totals, MemorySegment result, int group) {
        for (int c = 0; c < totals.length; c++) {
            long at = (long) group * totals.length + c;
            result.setAtIndex(ValueLayout.JAVA_FLOAT, at, (float) totals[c]);
        }
    }
}
