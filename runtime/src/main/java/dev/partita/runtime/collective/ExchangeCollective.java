package dev.partita.runtime.collective;

import java.util.List;

/// An all-gather or all-to-all: each member copies what it needs from every source.
final class ExchangeCollective implements PendingCollective {
    private final Meeting meeting;
    private final int rank;
    private final BlockCopy[] copies;

    /// @param copies for each member, the copy from its source to this member's target
    ExchangeCollective(Meeting meeting, int rank, List<BlockCopy> copies) {
        this.meeting = meeting;
        this.rank = rank;
        this.copies = copies.toArray(BlockCopy[]::new);
    }

    @Override
    public void start() {
        meeting.ready(rank);
    }

    @Override
    public void finish() {
        meeting.awaitReady(rank);
        for (int i = 0; i < copies.length; i++) {
            // starting at this member, so that not all read from the same one at once
            int other = (rank + i) % copies.length;
            copies[other].copy(meeting.source(other), meeting.target(rank));
        }
        meeting.doneAndAwait(rank);
    }
}
