package dev.partita.kernels;

import static com.google.common.truth.Truth.assertThat;

import dev.partita.dsl.graph.Initializer;
import dev.partita.dsl.tensor.Region;
import dev.partita.dsl.tensor.TensorType;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class InitializationTest {
    private static final Initializer NORMAL = new Initializer.Normal(2);
    private static final Initializer UNIFORM = new Initializer.Uniform(0.5);

    @Test
    void a_block_holds_the_numbers_of_its_place_in_the_whole() {
        for (Initializer initializer : List.of(NORMAL, UNIFORM)) {
            double[] whole = fill(Types.f64("6,9"), initializer, 7, "w");
            TensorType block = Types.f64("3,5");
            var region = Region.at(Types.f64("6,9").shape(), 2L, 3L);
            double[] part = fill(block, region, initializer, 7, "w");
            for (int i = 0; i < 3; i++) {
                for (int j = 0; j < 5; j++) {
                    assertThat(part[i * 5 + j]).isEqualTo(whole[(2 + i) * 9 + 3 + j]);
                }
            }
        }
    }

    @Test
    void f32_weights_are_the_rounded_f64_weights() {
        double[] wide = fill(Types.f64("33"), NORMAL, 1, "w");
        double[] narrow = fill(Types.f32("33"), NORMAL, 1, "w");
        assertThat(narrow).isEqualTo(Arrays.stream(wide).map(x -> (float) x).toArray());
    }

    @Test
    void seed_and_name_tell_parameters_apart() {
        double[] one = fill(Types.f64("9"), UNIFORM, 1, "a");
        assertThat(fill(Types.f64("9"), UNIFORM, 1, "a")).isEqualTo(one);
        assertThat(fill(Types.f64("9"), UNIFORM, 2, "a")).isNotEqualTo(one);
        assertThat(fill(Types.f64("9"), UNIFORM, 1, "b")).isNotEqualTo(one);
    }

    @Test
    void distributions_have_their_mean_and_spread() {
        double[] normal = fill(Types.f64("100000"), NORMAL, 3, "w");
        assertThat(mean(normal)).isWithin(0.03).of(0);
        assertThat(mean(Arrays.stream(normal).map(x -> x * x).toArray())).isWithin(0.06).of(4);
        double[] uniform = fill(Types.f64("100000"), UNIFORM, 3, "w");
        assertThat(mean(uniform)).isWithin(0.005).of(0);
        assertThat(Arrays.stream(uniform).min().orElseThrow()).isWithin(0.001).of(-0.5);
        assertThat(Arrays.stream(uniform).max().orElseThrow()).isWithin(0.001).of(0.5);
    }

    private static double mean(double[] values) {
        return Arrays.stream(values).average().orElseThrow();
    }

    private static double[] fill(TensorType type, Initializer initializer, long seed, String name) {
        return fill(type, Region.whole(type.shape()), initializer, seed, name);
    }

    private static double[] fill(
            TensorType type, Region region, Initializer initializer, long seed, String name) {
        try (var arena = Arena.ofConfined()) {
            var buffer = new Buffer(type, region, arena.allocate(type.bytes(), 64));
            Initialization.fill(buffer, initializer, seed, name);
            return Trial.values(buffer);
        }
    }
}
