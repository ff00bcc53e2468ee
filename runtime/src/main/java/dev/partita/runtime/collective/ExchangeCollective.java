package dev.partita.runtime.collective;

import java.util.List;

/// Each member copies what it needs from those who have it: from all in an all-gather, an
/// all-to-all and, on the root, a gather; from one in a broadcast, a scatter and a send.
final class ExchangeCollective implements PendingCollective {
    private final Meeting meeting;
    private final int rank;
    private final int[] givers;
    private final BlockCopy[][] copies;

    /// What one member takes.
    ///
    /// @param giver the member whose sources are copied
    /// @param copies for each value, the copy from its source to this member's target
    record Taking(int giver, List<BlockCopy> copies) {}

    ExchangeCollective(Meeting meeting, int rank, List<Taking> takings) {
        this.meeting = meeting;
        this.rank = rank;
        givers = takings.stream().mapToInt(Taking::giver).toArray();
        copies =
                takings.stream()
                        .map(each -> each.copies().toArray(BlockCopy[]::new))
                        .toArray(BlockCopy[][]::new);
    }

    @Override
    public void start() {
        meeting.start(rank);
    }

    @Override
    public void finish() {
        if (givers.length > 0) {
            meeting.awaitReady(rank);
        }
        for (int i = 0; i < givers.length; i++) {
            for (int value = 0; value < copies[i].length; value++) {
                copies[i][value].copy(
                        meeting.source(value, givers[i]), meeting.target(value, rank));
            }
        }
        meeting.done(rank);
    }
}
