package dev.partita.kernels.cpu;

import dev.partita.dsl.tensor.Shape;
import java.util.Arrays;
import java.util.stream.IntStream;

/// Sizes of a tensor's dims in the order oneDNN counts them, and where they lie in memory.
final class Layout {
    private final long[] sizes;
    private final long[] strides;

    /// @param strides per dim, in elements
    Layout(long[] sizes, long[] strides) {
        this.sizes = sizes.clone();
        this.strides = strides.clone();
    }

    /// Dims in their own order.
    static Layout of(Shape shape) {
        return new Layout(
                IntStream.range(0, shape.rank()).mapToLong(shape::size).toArray(), shape.strides());
    }

    /// `size` elements side by side.
    static Layout vector(long size) {
        return new Layout(new long[] {size}, new long[] {1});
    }

    /// Rows of `width` elements side by side.
    static Layout rows(Shape shape) {
        long width = shape.size(shape.rank() - 1);
        return new Layout(new long[] {shape.elements() / width, width}, new long[] {width, 1});
    }

    /// Our `[batch, height, width, channel]` or `[out, height, width, channel]` as oneDNN counts
    /// dims: channels second, wherever they lie.
    static Layout channelsLast(Shape shape) {
        Layout own = of(shape);
        int[] order = {0, 3, 1, 2};
        return new Layout(
                IntStream.of(order).mapToLong(i -> own.sizes[i]).toArray(),
                IntStream.of(order).mapToLong(i -> own.strides[i]).toArray());
    }

    long[] sizes() {
        return sizes.clone();
    }

    long[] strides() {
        return strides.clone();
    }

    @Override
    public String toString() {
        return Arrays.toString(sizes) + " strides " + Arrays.toString(strides);
    }
}
