package dev.partita.kernels.reference;

import dev.partita.kernels.Bfloat16;
import dev.partita.kernels.Buffer;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// The elements of a floating buffer, in row-major order, read and written as f64.
sealed interface Elements {
    double get(long index);

    void set(long index, double value);

    default void add(long index, double value) {
        set(index, get(index) + value);
    }

    /// The elements of a floating buffer.
    ///
    /// @throws IllegalArgumentException if they are not floating
    static Elements of(Buffer buffer) {
        MemorySegment memory = buffer.memory();
        return switch (buffer.type().dtype()) {
            case F64 -> new Doubles(memory);
            case F32 -> new Floats(memory);
            case BF16 -> new Bfloats(memory);
            case F16 -> new Halves(memory);
            case I64, I32, U8 -> throw new IllegalArgumentException(buffer.type().toString());
        };
    }

    /// f64 elements.
    record Doubles(MemorySegment memory) implements Elements {
        @Override
        public double get(long index) {
            return memory.getAtIndex(ValueLayout.JAVA_DOUBLE, index);
        }

        @Override
        public void set(long index, double value) {
            memory.setAtIndex(ValueLayout.JAVA_DOUBLE, index, value);
        }
    }

    /// f32 elements.
    record Floats(MemorySegment memory) implements Elements {
        @Override
        public double get(long index) {
            return memory.getAtIndex(ValueLayout.JAVA_FLOAT, index);
        }

        @Override
        public void set(long index, double value) {
            memory.setAtIndex(ValueLayout.JAVA_FLOAT, index, (float) value);
        }
    }

    /// bf16 elements.
    record Bfloats(MemorySegment memory) implements Elements {
        @Override
        public double get(long index) {
            return Bfloat16.toFloat(memory.getAtIndex(ValueLayout.JAVA_SHORT, index));
        }

        @Override
        public void set(long index, double value) {
            memory.setAtIndex(ValueLayout.JAVA_SHORT, index, Bfloat16.of((float) value));
        }
    }

    /// f16 elements.
    record Halves(MemorySegment memory) implements Elements {
        @Override
        public double get(long index) {
            return Float.float16ToFloat(memory.getAtIndex(ValueLayout.JAVA_SHORT, index));
        }

        @Override
        public void set(long index, double value) {
            memory.setAtIndex(ValueLayout.JAVA_SHORT, index, Float.floatToFloat16((float) value));
        }
    }
}
