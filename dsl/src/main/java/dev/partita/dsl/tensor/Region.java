package dev.partita.dsl.tensor;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/// Where one device's block of a tensor lies inside the whole: the whole's shape and, per dim,
/// where the block's elements are. Kernels that depend on global position (dropout, initial
/// weights, causal masks) read it, so that their numbers are the same under every sharding. Prints
/// `at [2, 0+6] of [a=4, b=8]`.
public record Region(Shape whole, List<Along> dims) {
    public Region {
        dims = List.copyOf(dims);
        if (dims.size() != whole.rank()) {
            throw new IllegalArgumentException("one place per dim: " + whole + " at " + dims);
        }
    }

    /// Where a block lies along one dim: from `first` on, or its first half from `first` and its
    /// second half, later in the whole, from `second` on. Prints `3`, or `0+6` for two halves.
    ///
    /// @param second less than 0 for a block in one piece
    public record Along(long first, long second) {
        private static final long NONE = -1;

        /// In one piece.
        public static Along from(long first) {
            return new Along(first, NONE);
        }

        public boolean isHalved() {
            return second >= 0;
        }

        /// Index in the whole of element `local` of a block of this size.
        public long global(long local, long size) {
            return isHalved() && local >= size / 2 ? second + local - size / 2 : first + local;
        }

        /// Index in a block of this size of element `global` of the whole, or -1 if it lies in
        /// another block.
        public long local(long global, long size) {
            long piece = isHalved() ? size / 2 : size;
            if (isHalved() && global >= second) {
                return global - second < piece ? piece + global - second : -1;
            }
            return global >= first && global - first < piece ? global - first : -1;
        }

        @Override
        public String toString() {
            return isHalved() ? first + "+" + second : Long.toString(first);
        }
    }

    /// A block in one piece.
    ///
    /// @param offsets per dim the index of the block's first element
    public static Region at(Shape whole, Long... offsets) {
        return new Region(whole, Arrays.stream(offsets).map(Along::from).toList());
    }

    /// The block that is the whole.
    public static Region whole(Shape shape) {
        return new Region(shape, Collections.nCopies(shape.rank(), Along.from(0)));
    }

    /// Where the block lies along a dim.
    public Along along(int dim) {
        return dims.get(dim);
    }

    /// True if a block of this shape, placed here, is all of the whole.
    public boolean isWhole(Shape block) {
        return block.sameSizes(whole);
    }

    /// Row-major index, in the whole, of each row of `block`, one row being the innermost dim, or
    /// half of it where that is halved; calls `row(globalStart, localStart, length)` in local
    /// order. All rows have one length.
    public void forEachRow(Shape block, RowVisitor visitor) {
        int rank = block.rank();
        if (rank == 0) {
            visitor.row(0, 0, 1);
            return;
        }
        long[] strides = whole.strides();
        long length = block.size(rank - 1) / (dims.getLast().isHalved() ? 2 : 1);
        var index = new long[rank];
        long rows = block.elements() / length;
        for (long r = 0; r < rows; r++) {
            long global = 0;
            for (int i = 0; i < rank; i++) {
                global += dims.get(i).global(index[i], block.size(i)) * strides[i];
            }
            visitor.row(global, r * length, length);
            index[rank - 1] += length;
            for (int i = rank - 1; i > 0 && index[i] == block.size(i); i--) {
                index[i] = 0;
                index[i - 1]++;
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
        return "at " + dims + " of " + whole;
    }
}
