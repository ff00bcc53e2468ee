package dev.partita.kernels;

import static com.google.common.truth.Truth.assertWithMessage;

import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.ResultTypes;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.dsl.tensor.TensorType;
import dev.partita.kernels.reference.ReferenceLibrary;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;

/// One op on given operands, run by any library: results are poisoned before, so that an element
/// that a kernel forgets is noticed, and have guards behind them, so that one too many is.
public final class Trial {
    private static final long GUARD_BYTES = 256;

    private final Op op;
    private final List<TensorType> types;
    private final List<double[]> values;

    private Trial(Op op, List<TensorType> types, List<double[]> values) {
        this.op = op;
        this.types = types;
        this.values = values;
    }

    /// Operands are normal numbers, or for integers 1.
    public static Trial of(long seed, Op op, TensorType... types) {
        var random = new Random(seed);
        return new Trial(
                op,
                List.of(types),
                Stream.of(types)
                        .map(type ->
                                random.doubles(type.shape().elements(), -1, 1)
                                        .map(x -> type.dtype().isFloating() ? 2 * x : 1)
                                        .toArray())
                        .toList());
    }

    /// The same trial with another operand.
    public Trial with(int operand, double... operandValues) {
        var changed = new ArrayList<>(values);
        changed.set(operand, operandValues.clone());
        return new Trial(op, types, changed);
    }

    public Op op() {
        return op;
    }

    public double[] operand(int index) {
        return values.get(index).clone();
    }

    /// The results, or empty if the library has no kernel.
    public Optional<List<double[]>> run(KernelLibrary library) {
        try (var arena = Arena.ofConfined()) {
            var operands = new ArrayList<Buffer>();
            for (int i = 0; i < types.size(); i++) {
                operands.add(buffer(arena, types.get(i), values.get(i)));
            }
            var results = new ArrayList<Buffer>();
            var guards = new ArrayList<MemorySegment>();
            for (TensorType type : ResultTypes.of(op, types)) {
                MemorySegment guarded =
                        arena.allocate(type.bytes() + GUARD_BYTES, 64).fill((byte) -1);
                guards.add(guarded.asSlice(type.bytes()));
                results.add(Buffer.whole(type, guarded.asSlice(0, type.bytes())));
            }
            return library.open(new KernelRequest(op, operands, results))
                    .map(kernel -> {
                        kernel.run();
                        kernel.close();
                        guards.forEach(this::requireUntouched);
                        return results.stream().map(Trial::values).toList();
                    });
        }
    }

    private void requireUntouched(MemorySegment guard) {
        for (long i = 0; i < guard.byteSize(); i++) {
            assertWithMessage("byte %s behind a result of %s", i, this)
                    .that(guard.get(ValueLayout.JAVA_BYTE, i))
                    .isEqualTo((byte) -1);
        }
    }

    /// The reference's results.
    public List<double[]> truth() {
        return run(new ReferenceLibrary()).orElseThrow();
    }

    /// Requires that `library` has a kernel, and that its results are the reference's: every
    /// element within `tolerance` of the result's largest magnitude (at least 1).
    public void agrees(KernelLibrary library, double tolerance) {
        List<double[]> expected = truth();
        Optional<List<double[]>> found = run(library);
        assertWithMessage("%s has a kernel for %s", library.name(), this).that(found).isPresent();
        for (int r = 0; r < expected.size(); r++) {
            double[] want = expected.get(r);
            double[] got = found.orElseThrow().get(r);
            double scale = Math.max(1, Arrays.stream(want).map(Math::abs).max().orElse(0));
            for (int i = 0; i < want.length; i++) {
                assertWithMessage(
                                "%s: %s, result %s, element %s of %s",
                                library.name(), this, r, i, want.length)
                        .that(got[i])
                        .isWithin(tolerance * scale)
                        .of(want[i]);
            }
        }
    }

    public static Buffer buffer(Arena arena, TensorType type, double... values) {
        var buffer = Buffer.whole(type, arena.allocate(type.bytes(), 64));
        for (int i = 0; i < values.length; i++) {
            set(buffer, i, values[i]);
        }
        return buffer;
    }

    private static void set(Buffer buffer, long i, double value) {
        MemorySegment memory = buffer.memory();
        switch (buffer.type().dtype()) {
            case F64 -> memory.setAtIndex(ValueLayout.JAVA_DOUBLE, i, value);
            case F32 -> memory.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) value);
            case I64 -> memory.setAtIndex(ValueLayout.JAVA_LONG, i, (long) value);
            case I32 -> memory.setAtIndex(ValueLayout.JAVA_INT, i, (int) value);
            case U8 -> memory.set(ValueLayout.JAVA_BYTE, i, (byte) value);
            case BF16 -> memory.setAtIndex(ValueLayout.JAVA_SHORT, i, Bfloat16.of((float) value));
            case F16 ->
                    memory.setAtIndex(
                            ValueLayout.JAVA_SHORT, i, Float.floatToFloat16((float) value));
        }
    }

    public static double[] values(Buffer buffer) {
        var result = new double[Math.toIntExact(buffer.type().shape().elements())];
        Dtype dtype = buffer.type().dtype();
        MemorySegment memory = buffer.memory();
        for (int i = 0; i < result.length; i++) {
            result[i] =
                    switch (dtype) {
                        case F64 -> memory.getAtIndex(ValueLayout.JAVA_DOUBLE, i);
                        case F32 -> memory.getAtIndex(ValueLayout.JAVA_FLOAT, i);
                        case I64 -> (double) memory.getAtIndex(ValueLayout.JAVA_LONG, i);
                        case I32 -> memory.getAtIndex(ValueLayout.JAVA_INT, i);
                        case U8 -> Byte.toUnsignedInt(memory.get(ValueLayout.JAVA_BYTE, i));
                        case BF16 -> Bfloat16.toFloat(memory.getAtIndex(ValueLayout.JAVA_SHORT, i));
                        case F16 ->
                                Float.float16ToFloat(memory.getAtIndex(ValueLayout.JAVA_SHORT, i));
                    };
        }
        return result;
    }

    @Override
    public String toString() {
        return op + " of " + types;
    }
}
