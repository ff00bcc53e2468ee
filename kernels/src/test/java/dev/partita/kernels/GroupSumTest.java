package dev.partita.kernels;

import static com.google.common.truth.Truth.assertThat;

import dev.partita.dsl.tensor.Dtype;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class GroupSumTest {
    private static final double[] DEVICES = {1, 10, 100, 1000};

    @ParameterizedTest
    @EnumSource(names = {"F32", "F64", "BF16", "F16"})
    void the_digits_of_the_sum_show_who_took_part(Dtype dtype) {
        try (var arena = Arena.ofConfined()) {
            var type = Types.f32("1037").withDtype(dtype);
            var sources =
                    Arrays.stream(DEVICES)
                            .mapToObj(d -> buffer(arena, dtype, d).memory())
                            .toArray(MemorySegment[]::new);
            Buffer target = Buffer.whole(type, arena.allocate(type.bytes(), 64));
            int size = dtype.bytes();
            GroupSum.sum(dtype, sources, 3L * size, 1029L * size, target.memory(), 5L * size);
            double[] sums = Trial.values(target);
            // bf16 counts in eights there
            double all = dtype == Dtype.BF16 ? 1112 : 1111;
            for (int i = 0; i < sums.length; i++) {
                assertThat(sums[i]).isEqualTo(i >= 5 && i < 5 + 1029 ? all : 0);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "F64", "BF16", "F16"})
    void the_target_may_be_a_source(Dtype dtype) {
        try (var arena = Arena.ofConfined()) {
            Buffer own = buffer(arena, dtype, 10);
            var sources = new MemorySegment[] {buffer(arena, dtype, 1).memory(), own.memory()};
            GroupSum.sum(dtype, sources, 0, own.memory().byteSize(), own.memory(), 0);
            assertThat(Trial.values(own)).isEqualTo(filled(11));
        }
    }

    private static Buffer buffer(Arena arena, Dtype dtype, double value) {
        return Trial.buffer(arena, Types.f32("1037").withDtype(dtype), filled(value));
    }

    private static double[] filled(double value) {
        return DoubleStream.generate(() -> value).limit(1037).toArray();
    }

    /// In bf16, 256 + 1 is 256: added one by one in bf16 the ones would be lost.
    @Test
    void half_floats_are_added_in_floats_and_rounded_once() {
        try (var arena = Arena.ofConfined()) {
            var sources =
                    DoubleStream.of(256, 1, 1, 1, 1)
                            .mapToObj(v -> buffer(arena, Dtype.BF16, v).memory())
                            .toArray(MemorySegment[]::new);
            Buffer target = buffer(arena, Dtype.BF16, 0);
            GroupSum.sum(Dtype.BF16, sources, 0, 2 * 1037, target.memory(), 0);
            assertThat(Trial.values(target)).isEqualTo(filled(260));
        }
    }
}
