package dev.partita.runtime.collective;

import dev.partita.dsl.tensor.Dtype;
import dev.partita.kernels.GroupSum;

/// Each member sums its own part of all sources.
final class ReduceScatterCollective implements PendingCollective {
    private final Meeting meeting;
    private final int rank;
    private final Dtype dtype;
    private final PairedRuns runs;

    /// @param runs this member's part of a source, and all of its target
    ReduceScatterCollective(Meeting meeting, int rank, Dtype dtype, PairedRuns runs) {
        this.meeting = meeting;
        this.rank = rank;
        this.dtype = dtype;
        this.runs = runs;
    }

    @Override
    public void start() {
        meeting.ready(rank);
    }

    @Override
    public void finish() {
        meeting.awaitReady(rank);
        runs.rewind();
        while (runs.next()) {
            GroupSum.sum(
                    dtype,
                    meeting.sources(),
                    runs.source(),
                    runs.bytes(),
                    meeting.target(rank),
                    runs.target());
        }
        meeting.doneAndAwait(rank);
    }
}
