package dev.partita.runtime.collective;

import dev.partita.dsl.tensor.Region;
import dev.partita.dsl.tensor.Shape;
import dev.partita.dsl.tensor.TensorType;
import java.util.ArrayList;
import java.util.List;

/// A box inside a densely packed row-major tensor, in bytes. The bytes of one element count as one
/// more, innermost dim.
///
/// @param start byte of the box's first element
/// @param sizes extents of the box
/// @param strides bytes from one index to the next, per dim
public record Part(long start, List<Long> sizes, List<Long> strides) {
    public Part {
        sizes = List.copyOf(sizes);
        strides = List.copyOf(strides);
    }

    /// All of a tensor.
    public static Part whole(TensorType type) {
        return box(type, type.shape(), 0);
    }

    /// Where a block of type `block` lies inside the tensor that `region` names.
    public static Part at(Region region, TensorType block) {
        long[] strides = region.whole().strides();
        long first = 0;
        for (int i = 0; i < strides.length; i++) {
            first += region.offsets().get(i) * strides[i];
        }
        return box(block, region.whole(), first * block.dtype().bytes());
    }

    private static Part box(TensorType box, Shape whole, long start) {
        var sizes = new ArrayList<Long>();
        var strides = new ArrayList<Long>();
        long[] elementStrides = whole.strides();
        int bytes = box.dtype().bytes();
        for (int i = 0; i < whole.rank(); i++) {
            sizes.add(box.shape().size(i));
            strides.add(elementStrides[i] * bytes);
        }
        sizes.add((long) bytes);
        strides.add(1L);
        return new Part(start, sizes, strides);
    }

    /// The `index`-th of `parts` equal parts along `dim`.
    public Part split(int dim, int index, int parts) {
        var smaller = new ArrayList<>(sizes);
        smaller.set(dim, sizes.get(dim) / parts);
        return new Part(start + index * smaller.get(dim) * strides.get(dim), smaller, strides);
    }
}
