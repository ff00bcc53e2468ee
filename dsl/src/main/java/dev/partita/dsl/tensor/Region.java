package dev.partita.dsl.tensor;

import java.util.Collections;
import java.util.List;

/// Where one device's block of a tensor lies inside the whole: the whole's shape and, per dim, the
/// index of the block's first element. Kernels that depend on global position (dropout, initial
/// weights) read it, so that their numbers are the same under every sharding.
public record Region(Shape whole, List<Long> offsets) {
    public Region {
        offsets = List.copyOf(offsets);
        if (offsets.size() != whole.rank()) {
            throw new IllegalArgumentException("one offset per dim: " + whole + " at " + offsets);
        }
    }

    /// The block that is the whole.
    public static Region whole(Shape shape) {
        return new Region(shape, Collections.nCopies(shape.rank(), 0L));
    }

    /// True if a block of this shape, placed here, is all of the whole.
    public boolean isWhole(Shape block) {
        return block.sameSizes(whole);
    }

    /// Row-major index, in the whole, of each row of `block`, one row being the innermost dim;
    /// calls `row(globalStart, localStart, length)` in local order.
    public void forEachRow(Shape block, RowVisitor visitor) {
        int rank = block.rank();
        if (rank == 0) {
            visitor.row(0, 0, 1);
            return;
        }
        long[] strides = whole.strides();
        long length = block.size(rank - 1);
        var index = new long[rank];
        long local = 0;
        long rows = block.elements() / length;
        for (long r = 0; r < rows; r++) {
            long global = 0;
            for (int i = 0; i < rank; i++) {
                global += (offsets.get(i) + index[i]) * strides[i];
            }
            visitor.row(global, local, length);
            local += length;
            for (int i = rank - 2; i >= 0 && ++index[i] == block.size(i); i--) {
                index[i] = 0;
            }
        }
    }

    /// Receives one contiguous row of a block.
    @FunctionalInterface
    public interface RowVisitor {
        void row(long globalStart, long localStart, long length);
    }

    @Override
    public String toString() {
        return "at " + offsets + " of " + whole;
    }
}
