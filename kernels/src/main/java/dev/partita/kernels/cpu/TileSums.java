package dev.partita.kernels.cpu;

import static dev.partita.kernels.cpu.Floats.LANES;
import static dev.partita.kernels.cpu.Floats.SPECIES;
import static jdk.incubator.vector.FloatVector.fromArray;
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
        MemorySegment x = request.operand(0).memory();
        MemorySegment y = request.result(0).memory();
        return Optional.of(
                inside == 1
                        ? within(x, y, outside, summed)
                        : across(x, y, outside, summed, inside));
    }

    static Kernel sumSquares(KernelRequest request) {
        MemorySegment x = request.operand(0).memory();
        MemorySegment y = request.result(0).memory();
        long elements = request.operand(0).type().shape().elements();
        float[] tile = Tile.create();
        return () -> {
            double total = 0;
            for (long start = 0; start < elements; start += Tile.LENGTH) {
                int n = (int) Math.min(Tile.LENGTH, elements - start);
                load(x, start, tile, n);
                total += squares(tile, Tile.padded(n));
            }
            y.set(ValueLayout.JAVA_FLOAT, 0, (float) total);
        };
    }

    /// Sums of rows of `summed` neighbouring elements.
    private static Kernel within(MemorySegment x, MemorySegment y, long rows, long summed) {
        float[] tile = Tile.create();
        return () -> {
            for (long row = 0; row < rows; row++) {
                double total = 0;
                for (long start = 0; start < summed; start += Tile.LENGTH) {
                    int n = (int) Math.min(Tile.LENGTH, summed - start);
                    load(x, row * summed + start, tile, n);
                    total += total(tile, Tile.padded(n));
                }
                y.setAtIndex(ValueLayout.JAVA_FLOAT, row, (float) total);
            }
        };
    }

    /// Sums of `summed` rows of `inside` elements each.
    private static Kernel across(
            MemorySegment x, MemorySegment y, long outside, long summed, long inside) {
        float[] row = Tile.create();
        float[] sum = Tile.create();
        var total = new double[Tile.LENGTH];
        return () -> {
            for (long o = 0; o < outside; o++) {
                for (long start = 0; start < inside; start += Tile.LENGTH) {
                    int n = (int) Math.min(Tile.LENGTH, inside - start);
                    Arrays.fill(total, 0, n, 0);
                    for (long first = 0; first < summed; first += ROWS) {
                        Arrays.fill(sum, 0, n, 0);
                        for (long r = first; r < Math.min(summed, first + ROWS); r++) {
                            Tile.load(x, (o * summed + r) * inside + start, row, n);
                            add(row, sum, Tile.padded(n));
                        }
                        for (int i = 0; i < n; i++) {
                            total[i] += sum[i];
                        }
                    }
                    for (int i = 0; i < n; i++) {
                        sum[i] = (float) total[i];
                    }
                    Tile.store(sum, y, o * inside + start, n);
                }
            }
        };
    }

    private static void add(float[] x, float[] sum, int n) {
        for (int i = 0; i < n; i += LANES) {
            fromArray(SPECIES, sum, i).add(fromArray(SPECIES, x, i)).intoArray(sum, i);
        }
    }

    private static float total(float[] x, int n) {
        FloatVector sum = zero(SPECIES);
        for (int i = 0; i < n; i += LANES) {
            sum = sum.add(fromArray(SPECIES, x, i));
        }
        return sum.reduceLanes(VectorOperators.ADD);
    }

    private static float squares(float[] x, int n) {
        FloatVector sum = zero(SPECIES);
        for (int i = 0; i < n; i += LANES) {
            sum = fromArray(SPECIES, x, i).fma(fromArray(SPECIES, x, i), sum);
        }
        return sum.reduceLanes(VectorOperators.ADD);
    }

    /// Loads a tile with zeros up to the next whole vector.
    private static void load(MemorySegment x, long start, float[] tile, int n) {
        Tile.load(x, start, tile, n);
        Arrays.fill(tile, n, Tile.padded(n), 0);
    }

    private static long product(Shape shape, int from, int to) {
        long product = 1;
        for (int i = from; i < to; i++) {
            product *= shape.size(i);
        }
        return product;
    }
}
