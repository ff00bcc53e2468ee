package dev.partita.runtime.data;

import static com.google.common.truth.Truth.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.dsl.problem.ProblemException;
import java.util.HashSet;
import org.junit.jupiter.api.Test;

final class AugmentationTest {
    private static final int SIZE = 9;

    @Test
    void a_shift_moves_every_pixel_by_the_same_whole_steps_and_every_step_occurs() {
        var seen = new HashSet<Integer>();
        for (long key = 0; key < 300; key++) {
            float[] image = dot(4, 4);
            Augmentation.shift(2).apply(image, new float[SIZE * SIZE], SIZE, SIZE, 1, key);
            int at = onlyPixel(image);
            assertThat(Math.abs(at / SIZE - 4)).isAtMost(2);
            assertThat(Math.abs(at % SIZE - 4)).isAtMost(2);
            seen.add(at);
        }
        assertThat(seen).hasSize(25);
    }

    @Test
    void what_a_shift_moves_in_is_empty() {
        for (long key = 0; key < 50; key++) {
            float[] image = dot(0, 0);
            Augmentation.shift(1).apply(image, new float[SIZE * SIZE], SIZE, SIZE, 1, key);
            assertThat(image[SIZE * SIZE - 1]).isEqualTo(0f);
        }
    }

    @Test
    void a_rotation_keeps_the_middle_and_the_distance_from_it() {
        for (long key = 0; key < 100; key++) {
            float[] image = dot(4, 4);
            image[4 * SIZE + 7] = 1;
            Augmentation.rotate(30).apply(image, new float[SIZE * SIZE], SIZE, SIZE, 1, key);
            assertThat(image[4 * SIZE + 4]).isWithin(1e-5f).of(1);
            double mass = 0;
            double angle = 0;
            for (int i = 0; i < image.length; i++) {
                int y = i / SIZE - 4;
                int x = i % SIZE - 4;
                if (y * y + x * x > 2) {
                    mass += image[i];
                    angle += image[i] * Math.toDegrees(Math.atan2(y, x));
                }
            }
            assertThat(mass).isWithin(0.3).of(1);
            assertThat(Math.abs(angle / mass)).isAtMost(33.0);
        }
    }

    @Test
    void a_quarter_turn_of_a_square_image_moves_its_right_edge_to_its_bottom_or_top() {
        // a bound of 180 degrees, and the key whose draw is nearest to a quarter turn
        long nearest = 0;
        for (long key = 0; key < 100_000; key++) {
            double distance = Math.abs(Math.abs(SplitMix.symmetric(key, 0)) - 0.5);
            double best = Math.abs(Math.abs(SplitMix.symmetric(nearest, 0)) - 0.5);
            nearest = distance < best ? key : nearest;
        }
        float[] image = dot(4, 8);
        Augmentation.rotate(180).apply(image, new float[SIZE * SIZE], SIZE, SIZE, 1, nearest);
        int down = SplitMix.symmetric(nearest, 0) > 0 ? 8 : 0;
        assertThat(image[down * SIZE + 4]).isWithin(1e-3f).of(1);
    }

    @Test
    void channels_move_together() {
        var image = new float[3 * 3 * 2];
        image[(1 * 3 + 1) * 2] = 5;
        image[(1 * 3 + 1) * 2 + 1] = 7;
        Augmentation.shift(1).apply(image, new float[18], 3, 3, 2, 11);
        for (int i = 0; i < 18; i += 2) {
            assertThat(image[i + 1]).isEqualTo(image[i] == 5 ? 7f : 0f);
        }
    }

    @Test
    void composed_parts_draw_independently_and_none_changes_nothing() {
        float[] image = dot(4, 4);
        Augmentation.none().apply(image, new float[SIZE * SIZE], SIZE, SIZE, 1, 3);
        assertThat(image).isEqualTo(dot(4, 4));
        Augmentation twice = Augmentation.shift(2).then(Augmentation.shift(2));
        var seen = new HashSet<Integer>();
        for (long key = 0; key < 2_000; key++) {
            float[] moved = dot(4, 4);
            twice.apply(moved, new float[SIZE * SIZE], SIZE, SIZE, 1, key);
            seen.add(onlyPixel(moved));
        }
        assertThat(seen).hasSize(81);
        assertThat(twice.toString()).isEqualTo("shift 2, shift 2");
    }

    @Test
    void bounds_out_of_range_are_refused() {
        assertThrows(ProblemException.class, () -> Augmentation.shift(-1));
        assertThrows(ProblemException.class, () -> Augmentation.rotate(200));
        assertThrows(ProblemException.class, () -> Augmentation.rotate(Double.NaN));
    }

    private static float[] dot(int y, int x) {
        var image = new float[SIZE * SIZE];
        image[y * SIZE + x] = 1;
        return image;
    }

    private static int onlyPixel(float[] image) {
        int at = -1;
        for (int i = 0; i < image.length; i++) {
            if (image[i] != 0) {
                assertThat(at).isEqualTo(-1);
                at = i;
            }
        }
        return at;
    }
}
