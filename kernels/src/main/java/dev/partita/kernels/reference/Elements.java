package dev.partita.kernels.reference;

import dev.partita.dsl.tensor.Dtype;
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

    static Elements of(Buffer buffer) {
        return buffer.type().dtype() == Dtype.F64
                ? new Doubles(buffer.memory())
                : new Floats(buffer.memory());
    }

    /// True if the reference library knows how to read elements of this type.
    static boolean readable(Dtype dtype) {
        return switch (dtype) {
            case F64, F32, I64, I32, U8 -> true;
            case BF16, F16 -> false;
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
}
