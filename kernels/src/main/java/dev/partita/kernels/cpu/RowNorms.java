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
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/// Layer normalisation and its gradient, one row at a time: at the speed of memory, since a row
/// stays in the first cache.
final class RowNorms {
    private RowNorms() {}

    static Kernel layerNorm(Op.LayerNorm op, KernelRequest request) {
        MemorySegment x = request.operand(0).memory();
        MemorySegment gain = request.operand(1).memory();
        MemorySegment shift = request.operand(2).memory();
        MemorySegment y = request.result(0).memory();
        MemorySegment mean = request.result(1).memory();
        MemorySegment rstd = request.result(2).memory();
        int width = width(request);
        long rows = request.result(1).type().shape().elements();
        float[] row = Tile.forWidth(width);
        float[] gains = Tile.forWidth(width);
        float[] shifts = Tile.forWidth(width);
        return () -> {
            Tile.load(gain, 0, gains, width);
            Tile.load(shift, 0, shifts, width);
            for (long r = 0; r < rows; r++) {
                Tile.load(x, r * width, row, width);
                float centre = sum(row) / width;
                centre(row, centre);
                Arrays.fill(row, width, row.length, 0);
                double variance = dot(row, row) / width;
                float scale = (float) (1 / Math.sqrt(variance + op.epsilon()));
                affine(row, scale, gains, shifts);
                Tile.store(row, y, r * width, width);
                Arrays.fill(row, width, row.length, 0);
                mean.setAtIndex(ValueLayout.JAVA_FLOAT, r, centre);
                rstd.setAtIndex(ValueLayout.JAVA_FLOAT, r, scale);
            }
        };
    }

    static Kernel layerNormGrad(KernelRequest request) {
        MemorySegment x = request.operand(0).memory();
        MemorySegment gain = request.operand(1).memory();
        MemorySegment mean = request.operand(2).memory();
        MemorySegment rstd = request.operand(3).memory();
        MemorySegment dy = request.operand(4).memory();
        MemorySegment dx = request.result(0).memory();
        MemorySegment dgain = request.result(1).memory();
        MemorySegment dshift = request.result(2).memory();
        int width = width(request);
        long rows = request.operand(2).type().shape().elements();
        float[] gains = Tile.forWidth(width);
        float[] normal = Tile.forWidth(width);
        float[] gradient = Tile.forWidth(width);
        float[] gainSums = Tile.forWidth(width);
        float[] shiftSums = Tile.forWidth(width);
        return () -> {
            Tile.load(gain, 0, gains, width);
            Arrays.fill(gainSums, 0);
            Arrays.fill(shiftSums, 0);
            for (long r = 0; r < rows; r++) {
                float scale = rstd.getAtIndex(ValueLayout.JAVA_FLOAT, r);
                Tile.load(x, r * width, normal, width);
                Tile.load(dy, r * width, gradient, width);
                centre(normal, mean.getAtIndex(ValueLayout.JAVA_FLOAT, r));
                scale(normal, scale);
                Arrays.fill(normal, width, normal.length, 0);
                addProduct(normal, gradient, gainSums);
                add(gradient, shiftSums);
                multiply(gradient, gains);
                float average = sum(gradient) / width;
                float along = dot(normal, gradient) / width;
                project(gradient, normal, average, along, scale);
                Tile.store(gradient, dx, r * width, width);
                Arrays.fill(gradient, width, gradient.length, 0);
            }
            Tile.store(gainSums, dgain, 0, width);
            Tile.store(shiftSums, dshift, 0, width);
        };
    }

    private static float sum(float[] row) {
        FloatVector sum = zero(SPECIES);
        for (int i = 0; i < row.length; i += LANES) {
            sum = sum.add(fromArray(SPECIES, row, i));
        }
        return sum.reduceLanes(VectorOperators.ADD);
    }

    private static float dot(float[] a, float[] b) {
        FloatVector sum = zero(SPECIES);
        for (int i = 0; i < a.length; i += LANES) {
            sum = fromArray(SPECIES, a, i).fma(fromArray(SPECIES, b, i), sum);
        }
        return sum.reduceLanes(VectorOperators.ADD);
    }

    private static void centre(float[] row, float mean) {
        for (int i = 0; i < row.length; i += LANES) {
            fromArray(SPECIES, row, i).sub(mean).intoArray(row, i);
        }
    }

    private static void scale(float[] row, float factor) {
        for (int i = 0; i < row.length; i += LANES) {
            fromArray(SPECIES, row, i).mul(factor).intoArray(row, i);
        }
    }

    private static void multiply(float[] row, float[] factors) {
        for (int i = 0; i < row.length; i += LANES) {
            fromArray(SPECIES, row, i).mul(fromArray(SPECIES, factors, i)).intoArray(row, i);
        }
    }

    private static void affine(float[] row, float scale, float[] gains, float[] shifts) {
        for (int i = 0; i < row.length; i += LANES) {
            fromArray(SPECIES, row, i)
                    .mul(scale)
                    .fma(fromArray(SPECIES, gains, i), fromArray(SPECIES, shifts, i))
                    .intoArray(row, i);
        }
    }

    /// `sums += a * b`.
    private static void addProduct(float[] a, float[] b, float[] sums) {
        for (int i = 0; i < sums.length; i += LANES) {
            fromArray(SPECIES, a, i)
                    .fma(fromArray(SPECIES, b, i), fromArray(SPECIES, sums, i))
                    .intoArray(sums, i);
        }
    }

    private static void add(float[] a, float[] sums) {
        for (int i = 0; i < sums.length; i += LANES) {
            fromArray(SPECIES, a, i).add(fromArray(SPECIES, sums, i)).intoArray(sums, i);
        }
    }

    /// Takes from the gradient what a change of the row's mean and variance undoes.
    private static void project(
            float[] gradient, float[] normal, float average, float along, float scale) {
        for (int i = 0; i < gradient.length; i += LANES) {
            FloatVector undone = fromArray(SPECIES, normal, i).mul(along).add(average);
            fromArray(SPECIES, gradient, i).sub(undone).mul(scale).intoArray(gradient, i);
        }
    }

    private static int width(KernelRequest request) {
        Shape shape = request.operand(0).type().shape();
        return Math.toIntExact(shape.size(shape.rank() - 1));
    }
}
