package dev.partita.runtime.device;

import static com.google.common.truth.Truth.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import dev.partita.kernels.Bfloat16;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class DeviceMemoryTest {
    @Test
    void fresh_memory_is_aligned_and_its_peak_is_zero() {
        try (var memory = new DeviceMemory(0, 1000)) {
            assertThat(memory.at(0, 1000).address() % DeviceMemory.ALIGNMENT).isEqualTo(0);
            assertThat(memory.peakBytes()).isEqualTo(0);
        }
    }

    @ParameterizedTest(name = "a float ending at byte {0}")
    @ValueSource(longs = {4, 8, 100, 996, 1000})
    void the_peak_is_the_end_of_the_highest_float_written(long end) {
        for (float value : new float[] {0f, -0f, 1f, -1f, 1e38f, -1e38f, Float.MIN_VALUE}) {
            try (var memory = new DeviceMemory(0, 1000)) {
                memory.at(end - 4, 4).set(ValueLayout.JAVA_FLOAT, 0, value);
                assertThat(memory.peakBytes()).isEqualTo(end);
            }
        }
    }

    @Test
    void the_peak_is_the_end_of_the_highest_integer_written_minus_one_included() {
        for (int value : new int[] {0, -1, 1, Integer.MIN_VALUE, 2_000_000_000}) {
            try (var memory = new DeviceMemory(0, 1000)) {
                memory.at(396, 4).set(ValueLayout.JAVA_INT, 0, value);
                assertThat(memory.peakBytes()).isEqualTo(400);
                memory.repaint();
                assertThat(memory.peakBytes()).isEqualTo(0);
            }
        }
    }

    @Test
    void unwritten_memory_reads_as_nan() {
        try (var memory = new DeviceMemory(0, 64)) {
            MemorySegment all = memory.at(0, 64);
            assertThat(all.get(ValueLayout.JAVA_FLOAT, 60)).isNaN();
            assertThat(all.get(ValueLayout.JAVA_DOUBLE, 56)).isNaN();
            assertThat(Float.float16ToFloat(all.get(ValueLayout.JAVA_SHORT, 62))).isNaN();
            assertThat(Bfloat16.toFloat(all.get(ValueLayout.JAVA_SHORT, 2))).isNaN();
        }
    }

    @Test
    void a_range_that_is_not_all_inside_is_refused() {
        try (var memory = new DeviceMemory(0, 64)) {
            assertThrows(IndexOutOfBoundsException.class, () -> memory.at(60, 8));
        }
    }

    @ParameterizedTest(name = "{0} bytes behind the end")
    @ValueSource(longs = {1, 8, 4096})
    @SuppressWarnings("restricted") // reaching beyond the memory is the point
    void a_write_behind_the_end_is_reported_on_close(long behind) {
        var memory = new DeviceMemory(3, 72);
        MemorySegment beyond = memory.at(0, 72).reinterpret(72 + behind);
        beyond.set(ValueLayout.JAVA_BYTE, 72 + behind - 1, (byte) 1);
        var e = assertThrows(ProblemException.class, memory::close);
        assertThat(e.problem().code()).isEqualTo(ProblemCode.DEVICE_FAILED);
        assertThat(e).hasMessageThat().contains("byte " + (72 + behind));
        memory.close();
    }
}
