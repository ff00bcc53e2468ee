package dev.partita.runtime.collective;

import java.util.Arrays;
import java.util.List;

/// Walks two boxes of equal extents, the longest runs at a time that are contiguous in both. Reused
/// for every walk, so that walking allocates nothing:
///
/// ```java
/// runs.rewind();
/// while (runs.next()) { … runs.source(), runs.target(), runs.bytes() … }
/// ```
public final class PairedRuns {
    private final long[] sizes;
    private final long[] sourceStrides;
    private final long[] targetStrides;
    private final long[] index;
    private final long sourceStart;
    private final long targetStart;
    private final long bytes;
    private long source;
    private long target;
    private boolean first;

    /// @throws IllegalArgumentException if the extents differ
    public PairedRuns(Part from, Part to) {
        if (!from.sizes().equals(to.sizes())) {
            throw new IllegalArgumentException("boxes differ: " + from + " and " + to);
        }
        int outer = from.sizes().size();
        long run = 1;
        while (outer > 0
                && (from.sizes().get(outer - 1) == 1
                        || (from.strides().get(outer - 1) == run
                                && to.strides().get(outer - 1) == run))) {
            run *= from.sizes().get(--outer);
        }
        bytes = run;
        sizes = array(from.sizes().subList(0, outer));
        sourceStrides = array(from.strides().subList(0, outer));
        targetStrides = array(to.strides().subList(0, outer));
        index = new long[outer];
        sourceStart = from.start();
        targetStart = to.start();
    }

    private static long[] array(List<Long> values) {
        return values.stream().mapToLong(Long::longValue).toArray();
    }

    /// Goes before the first run.
    public void rewind() {
        Arrays.fill(index, 0);
        source = sourceStart;
        target = targetStart;
        first = true;
    }

    /// Goes to the next run, or returns false after the last one.
    public boolean next() {
        if (first) {
            first = false;
            return true;
        }
        for (int i = index.length - 1; i >= 0; i--) {
            source += sourceStrides[i];
            target += targetStrides[i];
            if (++index[i] < sizes[i]) {
                return true;
            }
            source -= sizes[i] * sourceStrides[i];
            target -= sizes[i] * targetStrides[i];
            index[i] = 0;
        }
        return false;
    }

    /// First byte of the run in the first box's tensor.
    public long source() {
        return source;
    }

    /// First byte of the run in the second box's tensor.
    public long target() {
        return target;
    }

    /// Length of every run.
    public long bytes() {
        return bytes;
    }
}
