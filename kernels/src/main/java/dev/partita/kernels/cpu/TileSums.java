package dev.partita.kernels.cpu;

import static dev.partita.kernels.cpu.Floats.MEMORY;
import static dev.partita.kernels.cpu.Floats.ORDER;
import static dev.partita.kernels.cpu.Floats.SPECIES;
import static dev.partita.kernels.cpu.Floats.STEP;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static jdk.incubator.vector.FloatVector.zero;

import dev.partita.dsl.graph.Op;
import dev.partita.dsl.tensor.Shape;
import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelRequest;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Optional;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/// Sums in f32, a tile or a few rows at a time, and the totals of those in f64: always in the same
/// order, and precise for long sums.
final class TileSums {
    /// Rows added in f32 before they join an f64 total.
    private static final int ROWS = 32;

    private TileSums() {}

    /// A sum over neighbouring dims; empty for others.
    static Optional<Kernel> sum(Op.Sum op, KernelRequest request) {
        Shape shape = request.operand(0).type().shape();
        int[] dims = op.dims().stream().mapToInt(Integer::intValue).sorted().toArray();
        boolean neighbours = dims.length > 0 && dims[dims.length - 1] - dims[0] == dims.length - 1;
        if (!neighbours) {
            return Optional.empty();
        }
        long outside = product(shape, 0, dims[0]);
        long summed = product(shape, dims[0], dims[dims.length - 1] + 1);
        long inside = product(shape, dims[dims.length - 1] + 1, shape.rank());
        return Optional.of(
                inside == 1
                        ? within(request, outside, summed)
                        : across(request, outside, summed, inside));
    }

    static Kernel sumSquares(KernelRequest request) {
        MemorySegment y = request.result(0).memory();
        long elements = request.operand(0).type().shape().elements();
        var x = new Stretches(request.operand(0), Stretches.LENGTH);
        return () -> {
            double total = 0;
            for (long start = 0; start < elements; start += Stretches.LENGTH) {
                long n = Math.min(Stretches.LENGTH, elements - start);
                total += squares(x.read(start, n, 0), Stretches.bytes(n));
            }
            y.set(ValueLayout.JAVA_FLOAT, 0, (float) total);
        };
    }

    /// Sums of rows of `summed` neighbouring elements.
    private static Kernel within(KernelRequest request, long rows, long summed) {
        var x = new Stretches(request.operand(0), Stretches.LENGTH);
        var y = new Stretches(request.result(0), 1);
        return () -> {
            for (long row = 0; row < rows; row++) {
                double total = 0;
                for (long start = 0; start < summed; start += Stretches.LENGTH) {
                    long n = Math.min(Stretches.LENGTH, summed - start);
                    total += total(x.read(row * summed + start, n, 0), Stretches.bytes(n));
                }
                Floats.set(y.place(row, 1), (float) total);
                y.written(row, 1);
            }
        };
    }

    /// Sums of `summed` rows of `inside` elements each.
    private static Kernel across(KernelRequest request, long outside, long summed, long inside) {
        var x = new Stretches(request.operand(0), Stretches.LENGTH);
        var y = new Stretches(request.result(0), Stretches.LENGTH);
        MemorySegment sum = Stretches.scratch(Stretches.LENGTH);
        var total = new double[Stretches.LENGTH];
        return () -> {
            for (long o = 0; o < outside; o++) {
                for (long start = 0; start < inside; start += Stretches.LENGTH) {
                    int n = (int) Math.min(Stretches.LENGTH, inside - start);
                    long bytes = Stretches.bytes(n);
                    Arrays.fill(total, 0, n, 0);
                    for (long first = 0; first < summed; first += ROWS) {
                        Floats.clear(sum.address(), bytes);
                        for (long r = first; r < Math.min(summed, first + ROWS); r++) {
                            long row = (o * summed + r) * inside + start;
                            add(x.read(row, n, 0), sum.address(), bytes);
                        }
                        addTo(total, sum, n);
                    }
                    store(total, n, y.place(o * inside + start, n));
                    y.written(o * inside + start, n);
                }
            }
        };
    }

    private static void addTo(double[] total, MemorySegment sum, int n) {
        for (int i = 0; i < n; i++) {
            total[i] += sum.getAtIndex(ValueLayout.JAVA_FLOAT, i);
        }
    }

    private static void store(double[] total, int n, long y) {
        for (int i = 0; i < n; i++) {
            Floats.set(y + (long) i * Float.BYTES, (float) total[i]);
        }
    }

    private static void add(long x, long sum, long bytes) {
        for (long i = 0; i < bytes; i += STEP) {
            fromMemorySegment(SPECIES, MEMORY, sum + i, ORDER)
                    .add(fromMemorySegment(SPECIES, MEMORY, x + i, ORDER))
                    .intoMemorySegment(MEMORY, sum + i, ORDER);
        }
    }

    private static float total(long x, long bytes) {
        FloatVector sum = zero(SPECIES);
        for (long i = 0; i < bytes; i += STEP) {
            sum = fromMemorySegment(SPECIES, MEMORY, x + i, ORDER).add(sum);
        }
        return sum.reduceLanes(VectorOperators.ADD);
    }

    private static float squares(long x, long bytes) {
        FloatVector sum = zero(SPECIES);
        for (long i = 0; i < bytes; i += STEP) {
            FloatVector v = fromMemorySegment(SPECIES, MEMORY, x + i, ORDER);
            sum = v.fma(v, sum);
        }
        return sum.reduceLanes(VectorOperators.ADD);
    }

    private static long product(Shape shape, int from, int to) {
        long product = 1;
        for (int i = from; i < to; i++) {
            product *= shape.size(i);
        }
        return product;
    }
}
