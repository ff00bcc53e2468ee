package dev.partita.runtime.collective;

import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.tensor.Region;
import dev.partita.dsl.tensor.TensorType;
import java.util.ArrayList;
import java.util.List;

/// A part of a densely packed row-major tensor, in bytes. Along each of the tensor's dims it is one
/// stretch of elements, or two equally long ones that lie apart; so it has two sizes and strides
/// per dim, the outer for the stretches. The bytes of one element count as one more dim.
///
/// @param start byte of the part's first element
/// @param sizes extents of the part
/// @param strides bytes from one index to the next, per extent
public record Part(long start, List<Long> sizes, List<Long> strides) {
    public Part {
        sizes = List.copyOf(sizes);
        strides = List.copyOf(strides);
    }

    /// All of a tensor.
    public static Part whole(TensorType type) {
        return at(Region.whole(type.shape()), type);
    }

    /// Where a block of type `block` lies inside the tensor that `region` names.
    public static Part at(Region region, TensorType block) {
        var sizes = new ArrayList<Long>();
        var strides = new ArrayList<Long>();
        long[] elementStrides = region.whole().strides();
        long bytes = block.dtype().bytes();
        long first = 0;
        for (int i = 0; i < elementStrides.length; i++) {
            Region.Along along = region.along(i);
            long stride = elementStrides[i] * bytes;
            long stretches = along.isHalved() ? 2 : 1;
            sizes.add(stretches);
            strides.add(along.isHalved() ? (along.second() - along.first()) * stride : 0);
            sizes.add(block.shape().size(i) / stretches);
            strides.add(stride);
            first += along.first() * stride;
        }
        sizes.add(1L);
        strides.add(0L);
        sizes.add(bytes);
        strides.add(1L);
        return new Part(first, sizes, strides);
    }

    /// What the `index`-th of `devices` holds of a part that is one stretch along the dim of `cut`.
    public Part split(Reshard.Cut cut, int index, int devices) {
        int inner = 2 * cut.dim() + 1;
        var smaller = new ArrayList<>(sizes);
        var apart = new ArrayList<>(strides);
        long stride = strides.get(inner);
        long stretch = sizes.get(inner) / (cut.balanced() ? 2 * devices : devices);
        smaller.set(inner, stretch);
        if (cut.balanced()) {
            smaller.set(inner - 1, 2L);
            apart.set(inner - 1, (2L * (devices - index) - 1) * stretch * stride);
        }
        return new Part(start + index * stretch * stride, smaller, apart);
    }
}
