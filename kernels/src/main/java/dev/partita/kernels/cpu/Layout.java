package dev.partita.kernels.cpu;

import dev.partita.dsl.tensor.Dtype;
import dev.partita.dsl.tensor.TensorType;
import java.util.Arrays;
import java.util.stream.IntStream;

/// Element type of a tensor, sizes of its dims in the order oneDNN counts them, and where they lie
/// in memory.
final class Layout {
    private final Dtype dtype;
    private final long[] sizes;
    private final long[] strides;

    /// @param strides per dim, in elements
    Layout(Dtype dtype, long[] sizes, long[] strides) {
        this.dtype = dtype;
        this.sizes = sizes.clone();
        this.strides = strides.clone();
    }

    /// Dims in their own order.
    static Layout of(TensorType type) {
        return new Layout(
                type.dtype(),
                IntStream.range(0, type.shape().rank()).mapToLong(type.shape()::size).toArray(),
                type.shape().strides());
    }

    /// `size` elements side by side.
    static Layout vector(Dtype dtype, long size) {
        return new Layout(dtype, new long[] {size}, new long[] {1});
    }

    /// Rows of the innermost dim side by side.
    static Layout rows(TensorType type) {
        long width = type.shape().size(type.shape().rank() - 1);
        return new Layout(
                type.dtype(),
                new long[] {type.shape().elements() / width, width},
                new long[] {width, 1});
    }

    /// Our `[batch, height, width, channel]` or `[out, height, width, channel]` as oneDNN counts
    /// dims: channels second, wherever they lie.
    static Layout channelsLast(TensorType type) {
        Layout own = of(type);
        int[] order = {0, 3, 1, 2};
        return new Layout(
                type.dtype(),
                IntStream.of(order).mapToLong(i -> own.sizes[i]).toArray(),
                IntStream.of(order).mapToLong(i -> own.strides[i]).toArray());
    }

    /// The same dims of other elements.
    Layout as(Dtype other) {
        return new Layout(other, sizes, strides);
    }

    Dtype dtype() {
        return dtype;
    }

    long[] sizes() {
        return sizes.clone();
    }

    long[] strides() {
        return strides.clone();
    }

    @Override
    public String toString() {
        return dtype + Arrays.toString(sizes) + " strides " + Arrays.toString(strides);
    }
}
