package dev.partita.runtime.state;

import dev.partita.dsl.tensor.Dim;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.dsl.tensor.Region;
import dev.partita.dsl.tensor.Shape;
import dev.partita.dsl.tensor.TensorType;
import dev.partita.runtime.collective.BlockCopy;
import dev.partita.runtime.collective.Part;
import dev.partita.runtime.state.BlockPlace.Box;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/// What two blocks of one tensor share: boxes in each of them. All of resharding is this.
final class Overlap {
    private Overlap() {}

    /// Copies what is in both blocks from one to the other.
    ///
    /// @param source memory of the block at `from`
    /// @param target memory of the block at `to`
    static void copy(
            Dtype dtype,
            BlockPlace from,
            MemorySegment source,
            BlockPlace to,
            MemorySegment target) {
        for (Box a : from.boxes()) {
            for (Box b : to.boxes()) {
                List<Long> inFrom = new ArrayList<>();
                List<Long> inTo = new ArrayList<>();
                List<Long> sizes = new ArrayList<>();
                for (int dim = 0; dim < a.sizes().size(); dim++) {
                    long begin = Math.max(a.whole().get(dim), b.whole().get(dim));
                    long end = Math.min(end(a, dim), end(b, dim));
                    inFrom.add(a.block().get(dim) + begin - a.whole().get(dim));
                    inTo.add(b.block().get(dim) + begin - b.whole().get(dim));
                    sizes.add(end - begin);
                }
                if (sizes.stream().allMatch(size -> size > 0)) {
                    TensorType box = new TensorType(dtype, shape(sizes));
                    new BlockCopy(part(box, from, inFrom), part(box, to, inTo))
                            .copy(source, target);
                }
            }
        }
    }

    private static long end(Box box, int dim) {
        return box.whole().get(dim) + box.sizes().get(dim);
    }

    private static Part part(TensorType box, BlockPlace block, List<Long> at) {
        return Part.at(Region.at(shape(block.sizes()), at.toArray(Long[]::new)), box);
    }

    private static Shape shape(List<Long> sizes) {
        return new Shape(
                IntStream.range(0, sizes.size())
                        .mapToObj(dim -> new Dim("d" + dim, sizes.get(dim)))
                        .toList());
    }
}
