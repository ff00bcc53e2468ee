package dev.partita.runtime.state;

import dev.partita.dsl.tensor.Region;
import dev.partita.dsl.tensor.Shape;
import dev.partita.dsl.tensor.TensorType;
import dev.partita.kernels.Buffer;
import dev.partita.runtime.collective.BlockCopy;
import dev.partita.runtime.collective.Part;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// What two blocks of one tensor share: a box in each of them. All of resharding is this.
final class Overlap {
    private final BlockCopy copy;

    private Overlap(BlockCopy copy) {
        this.copy = copy;
    }

    /// The box that is in a stored block and in `target`, if there is one.
    ///
    /// @param stored where the stored block lies inside the whole tensor
    /// @param type of the stored block
    static Optional<Overlap> of(Region stored, TensorType type, Buffer target) {
        List<Long> inStored = new ArrayList<>();
        List<Long> inTarget = new ArrayList<>();
        Shape box = target.type().shape();
        for (int i = 0; i < box.rank(); i++) {
            long from = stored.offsets().get(i);
            long other = target.region().offsets().get(i);
            long begin = Math.max(from, other);
            long end = Math.min(from + type.shape().size(i), other + target.type().shape().size(i));
            if (begin >= end) {
                return Optional.empty();
            }
            inStored.add(begin - from);
            inTarget.add(begin - other);
            box = box.with(i, box.dim(i).withSize(end - begin));
        }
        TensorType shared = target.type().withShape(box);
        Part source = Part.at(new Region(type.shape(), inStored), shared);
        Part sink = Part.at(new Region(target.type().shape(), inTarget), shared);
        return Optional.of(new Overlap(new BlockCopy(source, sink)));
    }

    /// @param stored memory of the stored block
    /// @param target memory of the other
    void copy(MemorySegment stored, MemorySegment target) {
        copy.copy(stored, target);
    }
}
