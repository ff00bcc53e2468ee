package dev.partita.runtime.data;

import java.util.List;
import java.util.stream.IntStream;

/// Digits drawn by a shaky pen, for a machine that has no data: strokes of varying width, slanted,
/// turned, stretched and moved at random, with stray marks and noise, 28 x 28 pixels like MNIST's.
/// A pure function of the seed: no fonts, no display, the same pixels on every machine.
public final class GeneratedDigits {
    private static final int SIZE = 28;
    private static final int CLASSES = 10;
    private static final int TRAIN = 12_000;
    private static final int TEST = 2_000;

    private GeneratedDigits() {}

    /// 12,000 digits to train on and 2,000 others to test with.
    public static DataSplit of(long seed) {
        return of(seed, TRAIN, TEST);
    }

    /// A set of any size. The first digits of a larger set are those of a smaller one.
    public static DataSplit of(long seed, int train, int test) {
        return new DataSplit(
                render("generated digits, train", SplitMix.mix(seed, 0), train),
                render("generated digits, test", SplitMix.mix(seed, 1), test));
    }

    private static Dataset render(String name, long key, int count) {
        var pixels = new byte[count * SIZE * SIZE];
        var labels = new byte[count];
        IntStream.range(0, count)
                .parallel()
                .forEach(i -> {
                    labels[i] = (byte) (i % CLASSES);
                    draw(i % CLASSES, SplitMix.mix(key, i), pixels, i * SIZE * SIZE);
                });
        return new ImageDataset(name, SIZE, SIZE, CLASSES, pixels, labels);
    }

    private static void draw(int digit, long key, byte[] pixels, int at) {
        var pen = new Pen(key);
        List<List<double[]>> ways = Strokes.of(digit);
        for (double[] polyline : ways.get(pen.below(ways.size()))) {
            pen.draw(polyline);
        }
        pen.strayMark();
        pen.write(pixels, at);
    }

    /// One digit's random hand and the paper it draws on.
    private static final class Pen {
        private static final double MIDDLE = (SIZE - 1) / 2.0;
        private static final double SHAKE_PIXELS = 0.6;
        private static final double NOISE = 0.12;

        private final long key;
        private final double[] ink = new double[SIZE * SIZE];
        private final double xx;
        private final double xy;
        private final double yx;
        private final double yy;
        private final double right;
        private final double down;
        private final double halfWidth;
        private final double strength;
        private long draws;

        Pen(long key) {
            this.key = key;
            double angle = StrictMath.toRadians(14 * symmetric());
            double slant = 0.2 * symmetric();
            double width = 16 + 4 * symmetric();
            double height = 19 + 3 * symmetric();
            xx = width * StrictMath.cos(angle);
            yx = width * StrictMath.sin(angle);
            xy = height * (slant * StrictMath.cos(angle) - StrictMath.sin(angle));
            yy = height * (slant * StrictMath.sin(angle) + StrictMath.cos(angle));
            right = MIDDLE + 2 * symmetric();
            down = MIDDLE + 2 * symmetric();
            halfWidth = 1.2 + 0.6 * symmetric();
            strength = 0.8 + 0.2 * symmetric();
        }

        private double symmetric() {
            return SplitMix.symmetric(key, draws++);
        }

        int below(int bound) {
            return SplitMix.below(bound, key, draws++);
        }

        /// Draws a polyline given in the unit box, its points shaken.
        void draw(double[] points) {
            double lastX = 0;
            double lastY = 0;
            for (int i = 0; i < points.length; i += 2) {
                double u = points[i] - 0.5;
                double v = points[i + 1] - 0.5;
                double x = right + xx * u + xy * v + SHAKE_PIXELS * symmetric();
                double y = down + yx * u + yy * v + SHAKE_PIXELS * symmetric();
                if (i > 0) {
                    segment(lastX, lastY, x, y, halfWidth, strength);
                }
                lastX = x;
                lastY = y;
            }
        }

        /// A short line that belongs to no digit, on every third image.
        void strayMark() {
            if (below(3) == 0) {
                double x = MIDDLE + MIDDLE * symmetric();
                double y = MIDDLE + MIDDLE * symmetric();
                segment(x, y, x + 4 * symmetric(), y + 4 * symmetric(), 0.8, 0.7);
            }
        }

        private void segment(
                double x0, double y0, double x1, double y1, double half, double darkness) {
            int reach = (int) Math.ceil(half + 1);
            int top = Math.max(0, (int) Math.min(y0, y1) - reach);
            int bottom = Math.min(SIZE - 1, (int) Math.max(y0, y1) + reach);
            int left = Math.max(0, (int) Math.min(x0, x1) - reach);
            int rightmost = Math.min(SIZE - 1, (int) Math.max(x0, x1) + reach);
            for (int y = top; y <= bottom; y++) {
                for (int x = left; x <= rightmost; x++) {
                    double cover = half + 0.5 - distance(x, y, x0, y0, x1, y1);
                    double shade = darkness * Math.clamp(cover, 0, 1);
                    ink[y * SIZE + x] = Math.max(ink[y * SIZE + x], shade);
                }
            }
        }

        private static double distance(
                double x, double y, double x0, double y0, double x1, double y1) {
            double dx = x1 - x0;
            double dy = y1 - y0;
            double squared = dx * dx + dy * dy;
            double along =
                    squared == 0 ? 0 : Math.clamp(((x - x0) * dx + (y - y0) * dy) / squared, 0, 1);
            double offX = x - x0 - along * dx;
            double offY = y - y0 - along * dy;
            return Math.sqrt(offX * offX + offY * offY);
        }

        void write(byte[] pixels, int at) {
            for (int i = 0; i < ink.length; i++) {
                double noisy = ink[i] + NOISE * symmetric();
                pixels[at + i] = (byte) Math.round(255 * Math.clamp(noisy, 0, 1));
            }
        }
    }
}
