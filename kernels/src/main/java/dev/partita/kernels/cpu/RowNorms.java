package dev.partita.kernels.cpu;

import static dev.partita.kernels.cpu.Floats.MEMORY;
import static dev.partita.kernels.cpu.Floats.ORDER;
import static dev.partita.kernels.cpu.Floats.SPECIES;
import static dev.partita.kernels.cpu.Floats.STEP;
import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static jdk.incubator.vector.FloatVector.zero;

import dev.partita.dsl.graph.Op;
import dev.partita.dsl.tensor.Shape;
import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelRequest;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/// Layer normalisation and its gradient, one row at a time: at the speed of memory, since a row
/// stays in the first cache.
final class RowNorms {
    private RowNorms() {}

    static Kernel layerNorm(Op.LayerNorm op, KernelRequest request) {
        MemorySegment mean = request.result(1).memory();
        MemorySegment rstd = request.result(2).memory();
        int width = width(request);
        long bytes = Stretches.bytes(width);
        long rows = request.result(1).type().shape().elements();
        var x = new Stretches(request.operand(0), width);
        var gain = new Stretches(request.operand(1), width);
        var shift = new Stretches(request.operand(2), width);
        var y = new Stretches(request.result(0), width);
        return () -> {
            long gains = gain.read(0, width, 0);
            long shifts = shift.read(0, width, 0);
            for (long r = 0; r < rows; r++) {
                long row = x.read(r * width, width, 0);
                float centre = sum(row, bytes) / width;
                x.fill(width, centre);
                double variance = squares(row, bytes, centre) / width;
                float scale = (float) (1 / Math.sqrt(variance + op.epsilon()));
                long to = y.place(r * width, width);
                normalise(row, to, bytes, centre, scale, gains, shifts);
                y.written(r * width, width);
                mean.setAtIndex(ValueLayout.JAVA_FLOAT, r, centre);
                rstd.setAtIndex(ValueLayout.JAVA_FLOAT, r, scale);
            }
        };
    }

    static Kernel layerNormGrad(KernelRequest request) {
        MemorySegment mean = request.operand(2).memory();
        MemorySegment rstd = request.operand(3).memory();
        int width = width(request);
        long bytes = Stretches.bytes(width);
        long rows = request.operand(2).type().shape().elements();
        var x = new Stretches(request.operand(0), width);
        var gain = new Stretches(request.operand(1), width);
        var dy = new Stretches(request.operand(4), width);
        var dx = new Stretches(request.result(0), width);
        var dgain = new Stretches(request.result(1), width);
        var dshift = new Stretches(request.result(2), width);
        return () -> {
            long gains = gain.read(0, width, 0);
            long gainSums = dgain.place(0, width);
            long shiftSums = dshift.place(0, width);
            Floats.clear(gainSums, bytes);
            Floats.clear(shiftSums, bytes);
            for (long r = 0; r < rows; r++) {
                float centre = mean.getAtIndex(ValueLayout.JAVA_FLOAT, r);
                float scale = rstd.getAtIndex(ValueLayout.JAVA_FLOAT, r);
                long row = x.read(r * width, width, centre);
                long gradient = dy.read(r * width, width, 0);
                long to = dx.place(r * width, width);
                addUp(row, gradient, bytes, centre, scale, gainSums, shiftSums);
                project(row, gradient, to, bytes, width, centre, scale, gains);
                dx.written(r * width, width);
            }
            dgain.written(0, width);
            dshift.written(0, width);
        };
    }

    private static float sum(long x, long bytes) {
        FloatVector sum = zero(SPECIES);
        for (long i = 0; i < bytes; i += STEP) {
            sum = fromMemorySegment(SPECIES, MEMORY, x + i, ORDER).add(sum);
        }
        return sum.reduceLanes(VectorOperators.ADD);
    }

    /// The sum of squared distances from `centre`.
    private static float squares(long x, long bytes, float centre) {
        FloatVector sum = zero(SPECIES);
        for (long i = 0; i < bytes; i += STEP) {
            FloatVector v = fromMemorySegment(SPECIES, MEMORY, x + i, ORDER).sub(centre);
            sum = v.fma(v, sum);
        }
        return sum.reduceLanes(VectorOperators.ADD);
    }

    private static void normalise(
            long x, long y, long bytes, float centre, float scale, long gains, long shifts) {
        for (long i = 0; i < bytes; i += STEP) {
            fromMemorySegment(SPECIES, MEMORY, x + i, ORDER)
                    .sub(centre)
                    .mul(scale)
                    .fma(
                            fromMemorySegment(SPECIES, MEMORY, gains + i, ORDER),
                            fromMemorySegment(SPECIES, MEMORY, shifts + i, ORDER))
                    .intoMemorySegment(MEMORY, y + i, ORDER);
        }
    }

    /// Adds what a row gives to the gradients of gain and shift.
    private static void addUp(
            long x, long dy, long bytes, float centre, float scale, long gainSums, long shiftSums) {
        for (long i = 0; i < bytes; i += STEP) {
            FloatVector gradient = fromMemorySegment(SPECIES, MEMORY, dy + i, ORDER);
            fromMemorySegment(SPECIES, MEMORY, x + i, ORDER)
                    .sub(centre)
                    .mul(scale)
                    .fma(gradient, fromMemorySegment(SPECIES, MEMORY, gainSums + i, ORDER))
                    .intoMemorySegment(MEMORY, gainSums + i, ORDER);
            gradient.add(fromMemorySegment(SPECIES, MEMORY, shiftSums + i, ORDER))
                    .intoMemorySegment(MEMORY, shiftSums + i, ORDER);
        }
    }

    /// The gradient of a row, less what a change of the row's mean and variance undoes of it.
    private static void project(
            long x,
            long dy,
            long dx,
            long bytes,
            int width,
            float centre,
            float scale,
            long gains) {
        FloatVector sum = zero(SPECIES);
        FloatVector dot = zero(SPECIES);
        for (long i = 0; i < bytes; i += STEP) {
            FloatVector gradient =
                    fromMemorySegment(SPECIES, MEMORY, dy + i, ORDER)
                            .mul(fromMemorySegment(SPECIES, MEMORY, gains + i, ORDER));
            sum = gradient.add(sum);
            dot = fromMemorySegment(SPECIES, MEMORY, x + i, ORDER).sub(centre).fma(gradient, dot);
        }
        float average = sum.reduceLanes(VectorOperators.ADD) / width;
        float along = dot.reduceLanes(VectorOperators.ADD) * scale * scale / width;
        for (long i = 0; i < bytes; i += STEP) {
            FloatVector undone =
                    fromMemorySegment(SPECIES, MEMORY, x + i, ORDER)
                            .sub(centre)
                            .fma(broadcast(SPECIES, along), broadcast(SPECIES, average));
            fromMemorySegment(SPECIES, MEMORY, dy + i, ORDER)
                    .mul(fromMemorySegment(SPECIES, MEMORY, gains + i, ORDER))
                    .sub(undone)
                    .mul(scale)
                    .intoMemorySegment(MEMORY, dx + i, ORDER);
        }
    }

    private static int width(KernelRequest request) {
        Shape shape = request.operand(0).type().shape();
        return Math.toIntExact(shape.size(shape.rank() - 1));
    }
}
