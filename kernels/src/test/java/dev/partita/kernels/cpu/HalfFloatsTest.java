package dev.partita.kernels.cpu;

import static com.google.common.truth.Truth.assertWithMessage;

import dev.partita.dsl.tensor.Dtype;
import dev.partita.kernels.Bfloat16;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class HalfFloatsTest {
    private static final int ALL = 1 << 16;

    @ParameterizedTest
    @EnumSource(names = {"BF16", "F16"})
    void every_half_float_is_widened_as_one_by_one(Dtype half) {
        ThreadSetup.prepare();
        try (var arena = Arena.ofConfined()) {
            MemorySegment halves = allHalves(arena);
            MemorySegment floats = arena.allocate(4L * ALL, 64);
            HalfFloats.widen(half, halves.address(), floats.address(), ALL);
            for (int i = 0; i < ALL; i++) {
                float expected =
                        half == Dtype.BF16
                                ? Bfloat16.toFloat((short) i)
                                : Float.float16ToFloat((short) i);
                assertWithMessage("%s %s", half, i)
                        .that(floats.getAtIndex(ValueLayout.JAVA_FLOAT, i))
                        .isEqualTo(expected);
            }
        }
    }

    /// Every half float, the middle to the next one, and the f32 numbers beside both.
    @ParameterizedTest
    @EnumSource(names = {"BF16", "F16"})
    void the_nearest_half_float_is_found_and_of_two_the_even_one(Dtype half) {
        ThreadSetup.prepare();
        int toMiddle = half == Dtype.BF16 ? 1 << 15 : 1 << 12;
        try (var arena = Arena.ofConfined()) {
            MemorySegment floats = arena.allocate(4L * ALL, 64);
            MemorySegment halves = arena.allocate(2L * ALL, 64);
            for (int away : new int[] {0, 1, -1, toMiddle, toMiddle + 1, toMiddle - 1}) {
                HalfFloats.widen(half, allHalves(arena).address(), floats.address(), ALL);
                for (int i = 0; i < ALL; i++) {
                    int bits = floats.getAtIndex(ValueLayout.JAVA_INT, i) + away;
                    floats.setAtIndex(ValueLayout.JAVA_INT, i, bits);
                }
                HalfFloats.narrow(half, floats.address(), halves.address(), ALL);
                for (int i = 0; i < ALL; i++) {
                    float value = floats.getAtIndex(ValueLayout.JAVA_FLOAT, i);
                    short found = halves.getAtIndex(ValueLayout.JAVA_SHORT, i);
                    assertWithMessage("%s of %s", half, value)
                            .that(widened(half, found))
                            .isEqualTo(widened(half, narrowed(half, value)));
                }
            }
        }
    }

    private static float widened(Dtype half, short bits) {
        return half == Dtype.BF16 ? Bfloat16.toFloat(bits) : Float.float16ToFloat(bits);
    }

    private static short narrowed(Dtype half, float value) {
        return half == Dtype.BF16 ? Bfloat16.of(value) : Float.floatToFloat16(value);
    }

    private static MemorySegment allHalves(Arena arena) {
        MemorySegment halves = arena.allocate(2L * ALL, 64);
        for (int i = 0; i < ALL; i++) {
            halves.setAtIndex(ValueLayout.JAVA_SHORT, i, (short) i);
        }
        return halves;
    }
}
