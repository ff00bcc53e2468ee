package dev.partita.kernels;

import java.util.Arrays;

/// Where a block's rows lie in the whole tensor: stretches of elements that are neighbours in both.
/// Found once, when a kernel is opened.
public final class GlobalRows {
    private final long[] starts;
    private final long length;

    private GlobalRows(long[] starts, long length) {
        this.starts = starts;
        this.length = length;
    }

    /// The rows of a block along its innermost dim, their halves where that is halved, or all of it
    /// in one if it is the whole.
    public static GlobalRows of(Buffer block) {
        var shape = block.type().shape();
        if (block.region().isWhole(shape)) {
            return new GlobalRows(new long[1], shape.elements());
        }
        boolean halved = block.region().along(shape.rank() - 1).isHalved();
        long length = shape.size(shape.rank() - 1) / (halved ? 2 : 1);
        var starts = new long[Math.toIntExact(shape.elements() / length)];
        block.region()
                .forEachRow(shape, (global, local, _) -> starts[(int) (local / length)] = global);
        return new GlobalRows(starts, length);
    }

    public int count() {
        return starts.length;
    }

    /// Elements of each row.
    public long length() {
        return length;
    }

    /// Row-major index, in the whole, of the first element of a row.
    public long start(int row) {
        return starts[row];
    }

    @Override
    public String toString() {
        return starts.length + " rows of " + length + " at " + Arrays.toString(starts);
    }
}
