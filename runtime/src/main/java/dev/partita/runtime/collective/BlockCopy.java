package dev.partita.runtime.collective;

import java.lang.foreign.MemorySegment;

/// Copies a box of one tensor to a box of another. Copying allocates nothing on the Java heap; one
/// thread at a time.
public final class BlockCopy {
    private final PairedRuns runs;

    public BlockCopy(Part from, Part to) {
        runs = new PairedRuns(from, to);
    }

    public void copy(MemorySegment source, MemorySegment target) {
        runs.rewind();
        while (runs.next()) {
            MemorySegment.copy(source, runs.source(), target, runs.target(), runs.bytes());
        }
    }
}
