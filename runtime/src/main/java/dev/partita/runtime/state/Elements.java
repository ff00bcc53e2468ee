package dev.partita.runtime.state;

import dev.partita.dsl.tensor.Dtype;
import dev.partita.kernels.Bfloat16;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Reads and writes elements of any type as doubles, one at a time: for results and checks, not for
/// kernels.
public final class Elements {
    private Elements() {}

    /// The element at `index`; `i64` beyond 2^53 is rounded.
    public static double get(Dtype dtype, MemorySegment memory, long index) {
        return switch (dtype) {
            case F64 -> memory.getAtIndex(ValueLayout.JAVA_DOUBLE_UNALIGNED, index);
            case F32 -> memory.getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, index);
            case BF16 ->
                    Bfloat16.toFloat(memory.getAtIndex(ValueLayout.JAVA_SHORT_UNALIGNED, index));
            case F16 ->
                    Float.float16ToFloat(
                            memory.getAtIndex(ValueLayout.JAVA_SHORT_UNALIGNED, index));
            case I64 -> memory.getAtIndex(ValueLayout.JAVA_LONG_UNALIGNED, index);
            case I32 -> memory.getAtIndex(ValueLayout.JAVA_INT_UNALIGNED, index);
            case U8 -> Byte.toUnsignedInt(memory.get(ValueLayout.JAVA_BYTE, index));
        };
    }

    /// Stores the value of this type that is nearest to `value`; integers are cut off.
    public static void set(Dtype dtype, MemorySegment memory, long index, double value) {
        switch (dtype) {
            case F64 -> memory.setAtIndex(ValueLayout.JAVA_DOUBLE_UNALIGNED, index, value);
            case F32 -> memory.setAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, index, (float) value);
            case BF16 ->
                    memory.setAtIndex(
                            ValueLayout.JAVA_SHORT_UNALIGNED, index, Bfloat16.of((float) value));
            case F16 ->
                    memory.setAtIndex(
                            ValueLayout.JAVA_SHORT_UNALIGNED,
                            index,
                            Float.floatToFloat16((float) value));
            case I64 -> memory.setAtIndex(ValueLayout.JAVA_LONG_UNALIGNED, index, (long) value);
            case I32 -> memory.setAtIndex(ValueLayout.JAVA_INT_UNALIGNED, index, (int) value);
            case U8 -> memory.set(ValueLayout.JAVA_BYTE, index, (byte) value);
        }
    }
}
