package dev.partita.runtime.collective;

import java.util.List;

/// An all-gather or all-to-all: each member copies what it needs from every source.
final class ExchangeCollective implements PendingCollective {
    private final Meeting meeting;
    private final int rank;
    private final BlockCopy[][] copies;

    /// @param copies for each value, for each member, the copy from its source to this member's
    ///   target
    ExchangeCollective(Meeting meeting, int rank, List<List<BlockCopy>> copies) {
        this.meeting = meeting;
        this.rank = rank;
        this.copies =
                copies.stream()
                        .map(each -> each.toArray(BlockCopy[]::new))
                        .toArray(BlockCopy[][]::new);
    }

    @Override
    public void start() {
        meeting.ready(rank);
    }

    @Override
    public void finish() {
        meeting.awaitReady(rank);
        for (int i = 0; i < meeting.members(); i++) {
            // starting at this member, so that not all read from the same one at once
            int other = (rank + i) % meeting.members();
            for (int value = 0; value < copies.length; value++) {
                copies[value][other].copy(
                        meeting.source(value, other), meeting.target(value, rank));
            }
        }
        meeting.doneAndAwait(rank);
    }
}
