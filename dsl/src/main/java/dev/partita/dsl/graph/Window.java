package dev.partita.dsl.graph;

/// The sliding window of a convolution or pooling: its height and width, stride and zero padding,
/// in pixels.
public record Window(int height, int width, int stride, int padding) {
    public Window {
        if (height < 1 || width < 1 || stride < 1 || padding < 0) {
            throw new IllegalArgumentException(
                    "window " + height + "x" + width + " stride " + stride);
        }
    }

    public static Window square(int size, int stride, int padding) {
        return new Window(size, size, stride, padding);
    }

    /// Positions of a window of extent `extent` along a side of `size` pixels.
    public long positions(long size, int extent) {
        return (size + 2L * padding - extent) / stride + 1;
    }

    @Override
    public String toString() {
        return height
                + "x"
                + width
                + (stride == 1 ? "" : " stride " + stride)
                + (padding == 0 ? "" : " padding " + padding);
    }
}
