package dev.partita.runtime.data;

import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import java.util.List;
import java.util.stream.Collectors;

/// A random change of an image that keeps its class. What is drawn depends on a key alone, made of
/// the seed, the epoch and the number of the example: every number of devices sees the same images.
/// What moves in from outside is 0.
public sealed interface Augmentation {
    /// No change.
    static Augmentation none() {
        return new Composed(List.of());
    }

    /// Moves by up to `pixels`, whole ones, in each direction.
    static Augmentation shift(int pixels) {
        return new Shift(pixels);
    }

    /// Turns around the middle by up to `degrees` in either direction.
    static Augmentation rotate(double degrees) {
        return new Rotate(degrees);
    }

    /// This, then another.
    default Augmentation then(Augmentation next) {
        return new Composed(List.of(this, next));
    }

    /// Changes `image`, `[height, width, channel]` row-major, in place. Allocates nothing.
    ///
    /// @param scratch at least as long as the image; overwritten
    void apply(float[] image, float[] scratch, int height, int width, int channels, long key);

    /// Moves by whole pixels, at most `pixels` up or down and at most as many left or right.
    record Shift(int pixels) implements Augmentation {
        public Shift {
            if (pixels < 0) {
                throw outOfRange("shift", pixels, "0 or more pixels");
            }
        }

        @Override
        public void apply(
                float[] image, float[] scratch, int height, int width, int channels, long key) {
            int down = SplitMix.below(2 * pixels + 1, key, 0) - pixels;
            int right = SplitMix.below(2 * pixels + 1, key, 1) - pixels;
            System.arraycopy(image, 0, scratch, 0, height * width * channels);
            for (int y = 0; y < height; y++) {
                for (int x = 0; x < width; x++) {
                    for (int c = 0; c < channels; c++) {
                        image[(y * width + x) * channels + c] =
                                pixel(scratch, y - down, x - right, c, height, width, channels);
                    }
                }
            }
        }

        @Override
        public String toString() {
            return "shift " + pixels;
        }
    }

    /// Turns around the middle by at most `degrees`, reading between pixels bilinearly.
    record Rotate(double degrees) implements Augmentation {
        public Rotate {
            if (!(degrees >= 0 && degrees <= 180)) {
                throw outOfRange("rotate", degrees, "0 to 180 degrees");
            }
        }

        @Override
        public void apply(
                float[] image, float[] scratch, int height, int width, int channels, long key) {
            double angle = Math.toRadians(degrees * SplitMix.symmetric(key, 0));
            float cos = (float) Math.cos(angle);
            float sin = (float) Math.sin(angle);
            float middleY = (height - 1) / 2f;
            float middleX = (width - 1) / 2f;
            System.arraycopy(image, 0, scratch, 0, height * width * channels);
            for (int y = 0; y < height; y++) {
                for (int x = 0; x < width; x++) {
                    // where the pixel comes from: turned back
                    float fromY = middleY + cos * (y - middleY) - sin * (x - middleX);
                    float fromX = middleX + sin * (y - middleY) + cos * (x - middleX);
                    for (int c = 0; c < channels; c++) {
                        image[(y * width + x) * channels + c] =
                                between(scratch, fromY, fromX, c, height, width, channels);
                    }
                }
            }
        }

        private static float between(
                float[] image, float y, float x, int c, int height, int width, int channels) {
            int top = (int) Math.floor(y);
            int left = (int) Math.floor(x);
            float down = y - top;
            float right = x - left;
            float upper =
                    (1 - right) * pixel(image, top, left, c, height, width, channels)
                            + right * pixel(image, top, left + 1, c, height, width, channels);
            float lower =
                    (1 - right) * pixel(image, top + 1, left, c, height, width, channels)
                            + right * pixel(image, top + 1, left + 1, c, height, width, channels);
            return (1 - down) * upper + down * lower;
        }

        @Override
        public String toString() {
            return "rotate " + degrees;
        }
    }

    /// One after the other.
    record Composed(List<Augmentation> parts) implements Augmentation {
        public Composed {
            parts = List.copyOf(parts);
        }

        @Override
        public void apply(
                float[] image, float[] scratch, int height, int width, int channels, long key) {
            for (int i = 0; i < parts.size(); i++) {
                long partKey = SplitMix.mix(key, i);
                parts.get(i).apply(image, scratch, height, width, channels, partKey);
            }
        }

        @Override
        public String toString() {
            return parts.isEmpty()
                    ? "none"
                    : parts.stream().map(Augmentation::toString).collect(Collectors.joining(", "));
        }
    }

    private static float pixel(
            float[] image, int y, int x, int c, int height, int width, int channels) {
        boolean inside = y >= 0 && y < height && x >= 0 && x < width;
        return inside ? image[(y * width + x) * channels + c] : 0;
    }

    private static RuntimeException outOfRange(String word, Object given, String range) {
        return Problem.of(ProblemCode.INVALID_ARGUMENT, "An augmentation is out of range.")
                .fact("given", word + " " + given)
                .fix("take " + range)
                .exception();
    }
}
