package dev.partita.kernels;

/// Nested loops over dims, the last one fastest, that keep one offset per tensor from its strides:
///
/// ```
/// do {
///     use(loop.offset(0), loop.offset(1));
/// } while (loop.next());
/// ```
///
/// After the last position [#next] is back at the first, ready for another run.
public final class StridedLoop {
    private final long[] sizes;
    private final long[][] strides;
    private final long[] index;
    private final long[] offsets;

    /// @param sizes size of each dim
    /// @param strides per tensor, the stride of each dim in elements; 0 where it lacks the dim
    public StridedLoop(long[] sizes, long[]... strides) {
        this.sizes = sizes.clone();
        this.strides = strides.clone();
        this.index = new long[sizes.length];
        this.offsets = new long[strides.length];
    }

    /// Where the tensor of this number is, in elements.
    public long offset(int tensor) {
        return offsets[tensor];
    }

    /// Steps on; false after the last position.
    public boolean next() {
        for (int dim = sizes.length - 1; dim >= 0; dim--) {
            boolean wraps = ++index[dim] == sizes[dim];
            long steps = wraps ? 1 - sizes[dim] : 1;
            for (int tensor = 0; tensor < offsets.length; tensor++) {
                offsets[tensor] += steps * strides[tensor][dim];
            }
            if (!wraps) {
                return true;
            }
            index[dim] = 0;
        }
        return false;
    }
}
