package dev.partita.runtime.collective;

import dev.partita.dsl.tensor.Dtype;
import dev.partita.kernels.GroupSum;
import java.util.List;

/// Each member sums its own part of all sources, value by value: an equal part in a reduce-scatter;
/// in a reduce the root everything, the others nothing.
final class PartSumCollective implements PendingCollective {
    private final Meeting meeting;
    private final int rank;
    private final Dtype dtype;
    private final PairedRuns[] runs;

    /// @param runs for each value this member's part of a source, and all of its target; empty for
    ///   one that gets nothing
    PartSumCollective(Meeting meeting, int rank, Dtype dtype, List<PairedRuns> runs) {
        this.meeting = meeting;
        this.rank = rank;
        this.dtype = dtype;
        this.runs = runs.toArray(PairedRuns[]::new);
    }

    @Override
    public void start() {
        meeting.start(rank);
    }

    @Override
    public void finish() {
        if (runs.length > 0) {
            meeting.awaitReady(rank);
        }
        for (int value = 0; value < runs.length; value++) {
            sum(value, runs[value]);
        }
        meeting.done(rank);
    }

    private void sum(int value, PairedRuns own) {
        own.rewind();
        while (own.next()) {
            GroupSum.sum(
                    dtype,
                    meeting.sources(value),
                    own.source(),
                    own.bytes(),
                    meeting.target(value, rank),
                    own.target());
        }
    }
}
