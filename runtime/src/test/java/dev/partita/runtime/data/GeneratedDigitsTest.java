package dev.partita.runtime.data;

import static com.google.common.truth.Truth.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

final class GeneratedDigitsTest {
    @Test
    void the_same_seed_draws_the_same_digits_and_another_seed_others() {
        Dataset first = GeneratedDigits.of(7, 40, 10).train();
        Dataset again = GeneratedDigits.of(7, 40, 10).train();
        Dataset other = GeneratedDigits.of(8, 40, 10).train();
        for (int i = 0; i < 40; i++) {
            assertThat(again.features(i)).isEqualTo(first.features(i));
            assertThat(other.features(i)).isNotEqualTo(first.features(i));
        }
    }

    @Test
    void digits_to_test_with_are_none_of_those_to_train_on() {
        DataSplit split = GeneratedDigits.of(7, 200, 200);
        for (int i = 0; i < 200; i++) {
            float[] test = split.test().features(i);
            for (int j = 0; j < 200; j++) {
                assertThat(Arrays.equals(test, split.train().features(j))).isFalse();
            }
        }
    }

    @Test
    void a_smaller_set_is_the_beginning_of_a_larger_one() {
        Dataset small = GeneratedDigits.of(3, 10, 0).train();
        Dataset large = GeneratedDigits.of(3, 100, 0).train();
        for (int i = 0; i < 10; i++) {
            assertThat(small.features(i)).isEqualTo(large.features(i));
            assertThat(small.label(i)).isEqualTo(large.label(i));
        }
    }

    @Test
    void every_class_has_its_share_and_ink_on_every_image() {
        DataSplit split = GeneratedDigits.of(0);
        assertThat(split.train().size()).isEqualTo(12_000);
        assertThat(split.test().size()).isEqualTo(2_000);
        var count = new int[10];
        var features = new float[784];
        for (int i = 0; i < 2_000; i++) {
            count[split.test().label(i)]++;
            split.test().read(i, features);
            double ink = 0;
            for (float pixel : features) {
                ink += pixel;
            }
            assertThat(ink).isGreaterThan(20.0);
        }
        for (int c : count) {
            assertThat(c).isEqualTo(200);
        }
    }
}
