package dev.partita.runtime.data;

import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.tensor.Dim;
import dev.partita.dsl.tensor.Shape;

/// Grey images of one byte a pixel in memory. Features are channels-last, `[height, width,
/// channel=1]`, and scaled to `[0, 1]`: pixel / 255.
public final class ImageDataset implements Dataset {
    private static final float[] SCALED = new float[256];

    static {
        for (int i = 0; i < SCALED.length; i++) {
            SCALED[i] = i / 255f;
        }
    }

    private final String name;
    private final int height;
    private final int width;
    private final int classes;
    private final byte[] pixels;
    private final byte[] labels;

    /// Takes over both arrays: one label an image, the pixels of one image after the other.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `LabelOutOfRange`, naming the first image
    ///   whose label is no class
    public ImageDataset(
            String name, int height, int width, int classes, byte[] pixels, byte[] labels) {
        if (pixels.length != (long) labels.length * height * width) {
            throw new IllegalArgumentException(
                    pixels.length + " pixels for " + labels.length + " images");
        }
        for (int i = 0; i < labels.length; i++) {
            int label = Byte.toUnsignedInt(labels[i]);
            if (label >= classes) {
                throw Problem.of(ProblemCode.LABEL_OUT_OF_RANGE, "A label is not a class.")
                        .fact("data", name)
                        .fact("example", i)
                        .fact("label", label)
                        .fact("classes", "0 to " + (classes - 1))
                        .fix("look at that label in the file")
                        .exception();
            }
        }
        this.name = name;
        this.height = height;
        this.width = width;
        this.classes = classes;
        this.pixels = pixels;
        this.labels = labels;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public int size() {
        return labels.length;
    }

    @Override
    public Shape shape() {
        return Shape.of(new Dim("height", height), new Dim("width", width), new Dim("channel", 1));
    }

    @Override
    public int classes() {
        return classes;
    }

    @Override
    public int label(int example) {
        return labels[example];
    }

    @Override
    public void read(int example, float[] features) {
        int length = height * width;
        for (int i = 0; i < length; i++) {
            features[i] = SCALED[Byte.toUnsignedInt(pixels[example * length + i])];
        }
    }

    @Override
    public String toString() {
        return "%s: %,d images of %d x %d, %d classes"
                .formatted(name, size(), height, width, classes);
    }
}
