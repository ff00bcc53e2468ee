package dev.partita.kernels.cpu;

import static dev.partita.kernels.cpu.Floats.LANES;
import static dev.partita.kernels.cpu.Floats.SPECIES;
import static dev.partita.kernels.cpu.VectorMath.EXP_MAX;
import static dev.partita.kernels.cpu.VectorMath.EXP_MIN;
import static dev.partita.kernels.cpu.VectorMath.LN2_HIGH;
import static dev.partita.kernels.cpu.VectorMath.LN2_LOW;
import static dev.partita.kernels.cpu.VectorMath.LOG2_E;
import static dev.partita.kernels.cpu.VectorMath.ROUNDER;
import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.FloatVector.fromArray;
import static jdk.incubator.vector.FloatVector.zero;

import dev.partita.dsl.graph.Op;
import dev.partita.dsl.tensor.Region;
import dev.partita.dsl.tensor.Shape;
import dev.partita.kernels.Buffer;
import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelRequest;
import dev.partita.kernels.Labels;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/// Softmax and cross-entropy, one row of the innermost dim at a time.
final class RowLosses {
    private RowLosses() {}

    static Kernel crossEntropy(Op.CrossEntropy op, KernelRequest request) {
        MemorySegment logits = request.operand(0).memory();
        MemorySegment loss = request.result(0).memory();
        MemorySegment logSum = request.result(1).memory();
        int classes = width(request);
        long rows = request.result(0).type().shape().elements();
        var labels = new Labels(request.operand(1).memory(), classes);
        float[] row = Tile.forWidth(classes);
        return () -> {
            for (long r = 0; r < rows; r++) {
                load(logits, r, row, classes);
                int label = labels.get(r);
                float max = max(row);
                double own = target(row, classes, label, op.smoothing()) - max;
                double log = Math.log(exponentials(row, max));
                loss.setAtIndex(ValueLayout.JAVA_FLOAT, r, (float) (log - own));
                logSum.setAtIndex(ValueLayout.JAVA_FLOAT, r, (float) (max + log));
            }
        };
    }

    /// Of a block of the logits, those classes that it has.
    static Kernel crossEntropyGrad(Op.CrossEntropyGrad op, KernelRequest request) {
        Buffer block = request.operand(0);
        MemorySegment logits = block.memory();
        MemorySegment logSum = request.operand(2).memory();
        MemorySegment dloss = request.operand(3).memory();
        MemorySegment dlogits = request.result(0).memory();
        int classes = width(request);
        Region.Along here = block.region().dims().getLast();
        long rows = request.operand(3).type().shape().elements();
        var labels = new Labels(request.operand(1).memory(), wholeWidth(block));
        float spread = (float) (op.smoothing() / wholeWidth(block));
        float rest = (float) (1 - op.smoothing());
        float[] row = Tile.forWidth(classes);
        return () -> {
            for (long r = 0; r < rows; r++) {
                load(logits, r, row, classes);
                float slope = dloss.getAtIndex(ValueLayout.JAVA_FLOAT, r);
                exponentials(row, logSum.getAtIndex(ValueLayout.JAVA_FLOAT, r));
                scale(row, slope);
                if (spread > 0) {
                    add(row, -slope * spread);
                }
                long own = here.local(labels.get(r), classes);
                if (own >= 0) {
                    row[(int) own] -= slope * rest;
                }
                Tile.store(row, dlogits, r * classes, classes);
            }
        };
    }

    /// The log-sum-exp of rows, or of equal stretches of them: in memory both are rows.
    static Kernel logSumExp(KernelRequest request) {
        MemorySegment x = request.operand(0).memory();
        MemorySegment y = request.result(0).memory();
        long rows = request.result(0).type().shape().elements();
        int width = Math.toIntExact(request.operand(0).type().shape().elements() / rows);
        float[] row = Tile.forWidth(width);
        return () -> {
            for (long r = 0; r < rows; r++) {
                load(x, r, row, width);
                float max = max(row);
                double log = Math.log(exponentials(row, max));
                y.setAtIndex(ValueLayout.JAVA_FLOAT, r, (float) (max + log));
            }
        };
    }

    static Kernel softmax(KernelRequest request) {
        MemorySegment x = request.operand(0).memory();
        MemorySegment y = request.result(0).memory();
        int width = width(request);
        long rows = request.result(0).type().shape().elements() / width;
        float[] row = Tile.forWidth(width);
        return () -> {
            for (long r = 0; r < rows; r++) {
                load(x, r, row, width);
                scale(row, 1 / exponentials(row, max(row)));
                Tile.store(row, y, r * width, width);
            }
        };
    }

    static Kernel softmaxGrad(KernelRequest request) {
        MemorySegment y = request.operand(0).memory();
        MemorySegment dy = request.operand(1).memory();
        MemorySegment dx = request.result(0).memory();
        int width = width(request);
        long rows = request.result(0).type().shape().elements() / width;
        float[] row = Tile.forWidth(width);
        float[] gradient = Tile.forWidth(width);
        return () -> {
            for (long r = 0; r < rows; r++) {
                Tile.load(y, r * width, row, width);
                Tile.load(dy, r * width, gradient, width);
                softmaxGradRow(row, gradient);
                Tile.store(gradient, dx, r * width, width);
            }
        };
    }

    private static void softmaxGradRow(float[] y, float[] dy) {
        FloatVector dot = zero(SPECIES);
        for (int i = 0; i < y.length; i += LANES) {
            dot = fromArray(SPECIES, y, i).fma(fromArray(SPECIES, dy, i), dot);
        }
        float total = dot.reduceLanes(VectorOperators.ADD);
        for (int i = 0; i < y.length; i += LANES) {
            fromArray(SPECIES, dy, i).sub(total).mul(fromArray(SPECIES, y, i)).intoArray(dy, i);
        }
    }

    /// A row of logits; what lies behind it never wins a maximum and adds nothing to a sum.
    private static void load(MemorySegment x, long row, float[] tile, int width) {
        Tile.load(x, row * width, tile, width);
        Arrays.fill(tile, width, tile.length, Float.NEGATIVE_INFINITY);
    }

    private static float max(float[] row) {
        return max(row, row.length);
    }

    /// The largest of the first `length` elements, a whole number of vectors.
    static float max(float[] row, int length) {
        FloatVector max = fromArray(SPECIES, row, 0);
        for (int i = LANES; i < length; i += LANES) {
            max = max.max(fromArray(SPECIES, row, i));
        }
        return max.reduceLanes(VectorOperators.MAX);
    }

    /// Replaces `x` by `exp(x - max)` and returns the sum.
    private static float exponentials(float[] row, float max) {
        return exponentials(row, row.length, max);
    }

    static float exponentials(float[] row, int length, float max) {
        FloatVector sum = zero(SPECIES);
        for (int i = 0; i < length; i += LANES) {
            FloatVector x = fromArray(SPECIES, row, i).sub(max).max(EXP_MIN).min(EXP_MAX);
            FloatVector rounded = x.fma(broadcast(SPECIES, LOG2_E), broadcast(SPECIES, ROUNDER));
            FloatVector n = rounded.sub(ROUNDER);
            FloatVector rest = n.fma(broadcast(SPECIES, -LN2_HIGH), x);
            rest = n.fma(broadcast(SPECIES, -LN2_LOW), rest);
            FloatVector p = broadcast(SPECIES, 1.9875691e-4f);
            p = p.fma(rest, broadcast(SPECIES, 0.0013981999f));
            p = p.fma(rest, broadcast(SPECIES, 0.008333452f));
            p = p.fma(rest, broadcast(SPECIES, 0.041665796f));
            p = p.fma(rest, broadcast(SPECIES, 0.16666666f));
            p = p.fma(rest, broadcast(SPECIES, 0.5f));
            p = p.fma(rest.mul(rest), rest.add(1f));
            IntVector power = rounded.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
            FloatVector e = p.reinterpretAsInts().add(power).reinterpretAsFloats();
            e.intoArray(row, i);
            sum = sum.add(e);
        }
        return sum.reduceLanes(VectorOperators.ADD);
    }

    /// The logit of the label, and for the part `smoothing` the mean of all.
    private static double target(float[] row, int classes, int label, double smoothing) {
        if (smoothing == 0) {
            return row[label];
        }
        double sum = 0;
        for (int c = 0; c < classes; c++) {
            sum += row[c];
        }
        return (1 - smoothing) * row[label] + smoothing * sum / classes;
    }

    private static void add(float[] row, float summand) {
        for (int i = 0; i < row.length; i += LANES) {
            fromArray(SPECIES, row, i).add(summand).intoArray(row, i);
        }
    }

    private static void scale(float[] row, float factor) {
        scale(row, row.length, factor);
    }

    static void scale(float[] row, int length, float factor) {
        for (int i = 0; i < length; i += LANES) {
            fromArray(SPECIES, row, i).mul(factor).intoArray(row, i);
        }
    }

    /// Classes of the whole row that a block is of.
    private static long wholeWidth(Buffer block) {
        Shape whole = block.region().whole();
        return whole.size(whole.rank() - 1);
    }

    private static int width(KernelRequest request) {
        var shape = request.operand(0).type().shape();
        return Math.toIntExact(shape.size(shape.rank() - 1));
    }
}
