package dev.partita.runtime.collective;

import java.util.List;

/// Each member copies what the member before it has.
final class RotateCollective implements PendingCollective {
    private final Meeting meeting;
    private final int rank;
    private final int before;
    private final BlockCopy[] copies;

    /// @param copies for each value, from the source of the member before to this member's target
    RotateCollective(Meeting meeting, int rank, List<BlockCopy> copies) {
        this.meeting = meeting;
        this.rank = rank;
        this.before = Math.floorMod(rank - 1, meeting.members());
        this.copies = copies.toArray(BlockCopy[]::new);
    }

    @Override
    public void start() {
        meeting.ready(rank);
    }

    @Override
    public void finish() {
        meeting.awaitReady(rank);
        for (int value = 0; value < copies.length; value++) {
            copies[value].copy(meeting.source(value, before), meeting.target(value, rank));
        }
        meeting.doneAndAwait(rank);
    }
}
