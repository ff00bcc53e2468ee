package dev.partita.kernels.cpu;

import static dev.partita.kernels.cpu.Floats.LANES;
import static dev.partita.kernels.cpu.Floats.MEMORY;
import static dev.partita.kernels.cpu.Floats.ORDER;
import static dev.partita.kernels.cpu.Floats.SPECIES;
import static dev.partita.kernels.cpu.Floats.STEP;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import dev.partita.dsl.tensor.Shape;
import dev.partita.kernels.Buffer;
import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelRequest;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/// What goes to the slots of experts and back, a row at a time.
final class SlotRows {
    private final MemorySegment positions;
    private final long slots;
    private final long batch;
    private final long capacity;
    private final long length;
    private final int width;

    /// @param tokens of shape `[batch, position, model]`
    private SlotRows(Buffer positions, Buffer tokens) {
        this.positions = positions.memory();
        Shape shape = positions.type().shape();
        slots = shape.elements();
        batch = shape.size(1);
        capacity = shape.size(2);
        length = tokens.type().shape().size(1);
        width = Math.toIntExact(tokens.type().shape().size(2));
    }

    static Kernel dispatch(KernelRequest request) {
        var rows = new SlotRows(request.operand(1), request.operand(0));
        long x = request.operand(0).memory().address();
        long y = request.result(0).memory().address();
        boolean weighted = request.operands().size() == 3;
        MemorySegment weights = request.operands().getLast().memory();
        MemorySegment result = request.result(0).memory();
        long bytes = (long) rows.width * Float.BYTES;
        return () -> {
            for (long at = 0; at < rows.slots; at++) {
                long row = rows.row(at);
                if (row < 0) {
                    result.asSlice(at * bytes, bytes).fill((byte) 0);
                } else if (weighted) {
                    float weight = weights.getAtIndex(ValueLayout.JAVA_FLOAT, at);
                    scale(x + row * bytes, weight, y + at * bytes, rows.width);
                } else {
                    Floats.copy(x + row * bytes, y + at * bytes, bytes);
                }
            }
        };
    }

    static Kernel combine(KernelRequest request) {
        var rows = new SlotRows(request.operand(1), request.result(0));
        long y = request.operand(0).memory().address();
        long x = request.result(0).memory().address();
        boolean weighted = request.operands().size() == 3;
        MemorySegment weights = request.operands().getLast().memory();
        MemorySegment result = request.result(0).memory();
        long bytes = (long) rows.width * Float.BYTES;
        return () -> {
            result.fill((byte) 0);
            for (long at = 0; at < rows.slots; at++) {
                long row = rows.row(at);
                if (row >= 0) {
                    float weight = weighted ? weights.getAtIndex(ValueLayout.JAVA_FLOAT, at) : 1;
                    addScaled(y + at * bytes, weight, x + row * bytes, rows.width);
                }
            }
        };
    }

    static Kernel dot(KernelRequest request) {
        var rows = new SlotRows(request.operand(2), request.operand(1));
        long y = request.operand(0).memory().address();
        long x = request.operand(1).memory().address();
        MemorySegment dots = request.result(0).memory();
        long bytes = (long) rows.width * Float.BYTES;
        return () -> {
            for (long at = 0; at < rows.slots; at++) {
                long row = rows.row(at);
                float dot = row < 0 ? 0 : dot(y + at * bytes, x + row * bytes, rows.width);
                dots.setAtIndex(ValueLayout.JAVA_FLOAT, at, dot);
            }
        };
    }

    /// The token in a slot, counted through the batch; below 0 if the slot is empty.
    private long row(long at) {
        int position = positions.getAtIndex(ValueLayout.JAVA_INT, at);
        boolean empty = position < 0 || position >= length;
        return empty ? -1 : at / capacity % batch * length + position;
    }

    private static void scale(long x, float factor, long y, int width) {
        int whole = width - width % LANES;
        for (int i = 0; i < whole; i += LANES) {
            long offset = (long) i / LANES * STEP;
            fromMemorySegment(SPECIES, MEMORY, x + offset, ORDER)
                    .mul(factor)
                    .intoMemorySegment(MEMORY, y + offset, ORDER);
        }
        for (int i = whole; i < width; i++) {
            long offset = (long) i * Float.BYTES;
            Floats.set(y + offset, Floats.get(x + offset) * factor);
        }
    }

    private static void addScaled(long x, float factor, long y, int width) {
        FloatVector factors = FloatVector.broadcast(SPECIES, factor);
        int whole = width - width % LANES;
        for (int i = 0; i < whole; i += LANES) {
            long offset = (long) i / LANES * STEP;
            FloatVector sum =
                    fromMemorySegment(SPECIES, MEMORY, x + offset, ORDER)
                            .fma(factors, fromMemorySegment(SPECIES, MEMORY, y + offset, ORDER));
            sum.intoMemorySegment(MEMORY, y + offset, ORDER);
        }
        for (int i = whole; i < width; i++) {
            long offset = (long) i * Float.BYTES;
            Floats.set(
                    y + offset, Math.fma(Floats.get(x + offset), factor, Floats.get(y + offset)));
        }
    }

    private static float dot(long x, long y, int width) {
        FloatVector sums = FloatVector.zero(SPECIES);
        int whole = width - width % LANES;
        for (int i = 0; i < whole; i += LANES) {
            long offset = (long) i / LANES * STEP;
            sums =
                    fromMemorySegment(SPECIES, MEMORY, x + offset, ORDER)
                            .fma(fromMemorySegment(SPECIES, MEMORY, y + offset, ORDER), sums);
        }
        float sum = sums.reduceLanes(VectorOperators.ADD);
        for (int i = whole; i < width; i++) {
            long offset = (long) i * Float.BYTES;
            sum = Math.fma(Floats.get(x + offset), Floats.get(y + offset), sum);
        }
        return sum;
    }
}
