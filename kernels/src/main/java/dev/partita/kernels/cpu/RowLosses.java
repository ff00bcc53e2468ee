package dev.partita.kernels.cpu;

import static dev.partita.kernels.cpu.Floats.MEMORY;
import static dev.partita.kernels.cpu.Floats.ORDER;
import static dev.partita.kernels.cpu.Floats.SPECIES;
import static dev.partita.kernels.cpu.Floats.STEP;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;
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
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/// Softmax and cross-entropy, one row of the innermost dim at a time. What lies behind a row never
/// wins a maximum and adds nothing to a sum.
final class RowLosses {
    private static final float BEHIND = Float.NEGATIVE_INFINITY;

    private RowLosses() {}

    static Kernel crossEntropy(Op.CrossEntropy op, KernelRequest request) {
        MemorySegment loss = request.result(0).memory();
        MemorySegment logSum = request.result(1).memory();
        int classes = width(request);
        long bytes = Stretches.bytes(classes);
        long rows = request.result(0).type().shape().elements();
        var logits = new Stretches(request.operand(0), classes);
        var labels = new Labels(request.operand(1).memory(), classes);
        MemorySegment powers = Stretches.scratch(classes);
        return () -> {
            for (long r = 0; r < rows; r++) {
                long row = logits.read(r * classes, classes, BEHIND);
                float max = max(row, bytes);
                double own = target(row, classes, labels.get(r), op.smoothing()) - max;
                double log = Math.log(VectorMath.exp(row, powers.address(), bytes, 1, -max));
                loss.setAtIndex(ValueLayout.JAVA_FLOAT, r, (float) (log - own));
                logSum.setAtIndex(ValueLayout.JAVA_FLOAT, r, (float) (max + log));
            }
        };
    }

    /// Of a block of the logits, those classes that it has.
    static Kernel crossEntropyGrad(Op.CrossEntropyGrad op, KernelRequest request) {
        Buffer block = request.operand(0);
        MemorySegment logSum = request.operand(2).memory();
        MemorySegment dloss = request.operand(3).memory();
        int classes = width(request);
        long bytes = Stretches.bytes(classes);
        Region.Along here = block.region().dims().getLast();
        long rows = request.operand(3).type().shape().elements();
        var logits = new Stretches(block, classes);
        var dlogits = new Stretches(request.result(0), classes);
        var labels = new Labels(request.operand(1).memory(), wholeWidth(block));
        float spread = (float) (op.smoothing() / wholeWidth(block));
        float rest = (float) (1 - op.smoothing());
        return () -> {
            for (long r = 0; r < rows; r++) {
                long x = logits.read(r * classes, classes, BEHIND);
                long dx = dlogits.place(r * classes, classes);
                float slope = dloss.getAtIndex(ValueLayout.JAVA_FLOAT, r);
                VectorMath.exp(x, dx, bytes, 1, -logSum.getAtIndex(ValueLayout.JAVA_FLOAT, r));
                scale(dx, bytes, slope);
                if (spread > 0) {
                    add(dx, bytes, -slope * spread);
                }
                long own = here.local(labels.get(r), classes);
                if (own >= 0) {
                    long at = dx + own * Float.BYTES;
                    Floats.set(at, Floats.get(at) - slope * rest);
                }
                dlogits.written(r * classes, classes);
            }
        };
    }

    /// The log-sum-exp of rows, or of equal stretches of them: in memory both are rows.
    static Kernel logSumExp(KernelRequest request) {
        MemorySegment y = request.result(0).memory();
        long rows = request.result(0).type().shape().elements();
        long width = request.operand(0).type().shape().elements() / rows;
        long bytes = Stretches.bytes(width);
        var x = new Stretches(request.operand(0), width);
        MemorySegment powers = Stretches.scratch(width);
        return () -> {
            for (long r = 0; r < rows; r++) {
                long row = x.read(r * width, width, BEHIND);
                float max = max(row, bytes);
                double log = Math.log(VectorMath.exp(row, powers.address(), bytes, 1, -max));
                y.setAtIndex(ValueLayout.JAVA_FLOAT, r, (float) (max + log));
            }
        };
    }

    static Kernel softmax(KernelRequest request) {
        int width = width(request);
        long bytes = Stretches.bytes(width);
        long rows = request.result(0).type().shape().elements() / width;
        var x = new Stretches(request.operand(0), width);
        var y = new Stretches(request.result(0), width);
        return () -> {
            for (long r = 0; r < rows; r++) {
                long from = x.read(r * width, width, BEHIND);
                long to = y.place(r * width, width);
                float sum = VectorMath.exp(from, to, bytes, 1, -max(from, bytes));
                scale(to, bytes, 1 / sum);
                y.written(r * width, width);
            }
        };
    }

    static Kernel softmaxGrad(KernelRequest request) {
        int width = width(request);
        long bytes = Stretches.bytes(width);
        long rows = request.result(0).type().shape().elements() / width;
        var y = new Stretches(request.operand(0), width);
        var dy = new Stretches(request.operand(1), width);
        var dx = new Stretches(request.result(0), width);
        return () -> {
            for (long r = 0; r < rows; r++) {
                long row = y.read(r * width, width, 0);
                long gradient = dy.read(r * width, width, 0);
                softmaxGradRow(row, gradient, dx.place(r * width, width), bytes);
                dx.written(r * width, width);
            }
        };
    }

    private static void softmaxGradRow(long y, long dy, long dx, long bytes) {
        FloatVector dot = zero(SPECIES);
        for (long i = 0; i < bytes; i += STEP) {
            dot =
                    fromMemorySegment(SPECIES, MEMORY, y + i, ORDER)
                            .fma(fromMemorySegment(SPECIES, MEMORY, dy + i, ORDER), dot);
        }
        float total = dot.reduceLanes(VectorOperators.ADD);
        for (long i = 0; i < bytes; i += STEP) {
            fromMemorySegment(SPECIES, MEMORY, dy + i, ORDER)
                    .sub(total)
                    .mul(fromMemorySegment(SPECIES, MEMORY, y + i, ORDER))
                    .intoMemorySegment(MEMORY, dx + i, ORDER);
        }
    }

    /// The largest number of whole vectors in memory.
    static float max(long x, long bytes) {
        FloatVector max = fromMemorySegment(SPECIES, MEMORY, x, ORDER);
        for (long i = STEP; i < bytes; i += STEP) {
            FloatVector v = fromMemorySegment(SPECIES, MEMORY, x + i, ORDER);
            max = v.blend(max, v.compare(VectorOperators.GT, max).not());
        }
        return max.reduceLanes(VectorOperators.MAX);
    }

    /// The logit of the label, and for the part `smoothing` the mean of all.
    private static double target(long row, int classes, int label, double smoothing) {
        double own = Floats.get(row + (long) label * Float.BYTES);
        if (smoothing == 0) {
            return own;
        }
        double sum = 0;
        for (int c = 0; c < classes; c++) {
            sum += Floats.get(row + (long) c * Float.BYTES);
        }
        return (1 - smoothing) * own + smoothing * sum / classes;
    }

    private static void add(long x, long bytes, float summand) {
        for (long i = 0; i < bytes; i += STEP) {
            fromMemorySegment(SPECIES, MEMORY, x + i, ORDER)
                    .add(summand)
                    .intoMemorySegment(MEMORY, x + i, ORDER);
        }
    }

    static void scale(long x, long bytes, float factor) {
        for (long i = 0; i < bytes; i += STEP) {
            fromMemorySegment(SPECIES, MEMORY, x + i, ORDER)
                    .mul(factor)
                    .intoMemorySegment(MEMORY, x + i, ORDER);
        }
    }

    /// Classes of the whole row that a block is of.
    private static long wholeWidth(Buffer block) {
        Shape whole = block.region().whole();
        return whole.size(whole.rank() - 1);
    }

    private static int width(KernelRequest request) {
        Shape shape = request.operand(0).type().shape();
        return Math.toIntExact(shape.size(shape.rank() - 1));
    }
}
