package dev.partita.runtime.collective;

import java.util.ArrayList;
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
        var extents = new ArrayList<Extent>();
        for (int i = 0; i < from.sizes().size(); i += 2) {
            add(extents, from, to, i);
        }
        extents.removeIf(each -> each.size() == 1);
        long run = 1;
        while (!extents.isEmpty() && extents.getLast().isDense(run)) {
            run *= extents.removeLast().size();
        }
        bytes = run;
        sizes = extents.stream().mapToLong(Extent::size).toArray();
        sourceStrides = extents.stream().mapToLong(Extent::source).toArray();
        targetStrides = extents.stream().mapToLong(Extent::target).toArray();
        index = new long[sizes.length];
        sourceStart = from.start();
        targetStart = to.start();
    }

    /// So many steps of so many bytes in either box.
    private record Extent(long size, long source, long target) {
        boolean isDense(long run) {
            return source == run && target == run;
        }
    }

    /// Adds dim `i / 2`; one stretch counts as two halves where the other box has two.
    private static void add(List<Extent> extents, Part from, Part to, int i) {
        long stretches = Math.max(from.sizes().get(i), to.sizes().get(i));
        long size = from.sizes().get(i) * from.sizes().get(i + 1);
        if (size != to.sizes().get(i) * to.sizes().get(i + 1)) {
            throw new IllegalArgumentException("boxes differ: " + from + " and " + to);
        }
        long length = size / stretches;
        extents.add(new Extent(stretches, apart(from, i, length), apart(to, i, length)));
        extents.add(new Extent(length, from.strides().get(i + 1), to.strides().get(i + 1)));
    }

    /// Bytes from one stretch of this length to the next.
    private static long apart(Part part, int i, long length) {
        return part.sizes().get(i) == 1
                ? length * part.strides().get(i + 1)
                : part.strides().get(i);
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
