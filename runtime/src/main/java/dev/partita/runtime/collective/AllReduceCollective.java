package dev.partita.runtime.collective;

import dev.partita.dsl.tensor.Dtype;
import dev.partita.kernels.GroupSum;
import java.lang.foreign.MemorySegment;

/// Each member sums its own chunk of all sources, then copies the other chunks from those who
/// summed them: a reduce-scatter and an all-gather (Patarasuk and Yuan 2009) without the ring,
/// since every member sees all memory. In place it works because chunk `r` of any source is read by
/// member `r` alone.
final class AllReduceCollective implements PendingCollective {
    /// Chunks start at cache lines, so that no two members write to the same one.
    private static final long LINE_BYTES = 64;

    private final Meeting meeting;
    private final int rank;
    private final Dtype dtype;
    private final long bytes;
    private final long chunk;

    AllReduceCollective(Meeting meeting, int rank, Dtype dtype) {
        this.meeting = meeting;
        this.rank = rank;
        this.dtype = dtype;
        bytes = meeting.target(0, rank).byteSize();
        long lines = Math.ceilDiv(bytes, LINE_BYTES);
        chunk = Math.ceilDiv(lines, (long) meeting.members()) * LINE_BYTES;
    }

    @Override
    public void start() {
        meeting.start(rank);
    }

    @Override
    public void finish() {
        meeting.awaitReady(rank);
        MemorySegment target = meeting.target(0, rank);
        long from = from(rank);
        if (length(rank) > 0) {
            GroupSum.sum(dtype, meeting.sources(0), from, length(rank), target, from);
        }
        meeting.summedAndAwait(rank);
        for (int i = 1; i < meeting.members(); i++) {
            // starting at the next member, so that not all read from the same one at once
            int other = (rank + i) % meeting.members();
            long at = from(other);
            MemorySegment.copy(meeting.target(0, other), at, target, at, length(other));
        }
        meeting.done(rank);
    }

    private long from(int member) {
        return Math.min(bytes, member * chunk);
    }

    private long length(int member) {
        return from(member + 1) - from(member);
    }
}
