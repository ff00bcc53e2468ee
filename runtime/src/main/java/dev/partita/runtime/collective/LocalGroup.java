package dev.partita.runtime.collective;

import dev.partita.dsl.graph.Reshard;
import dev.partita.kernels.Buffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// What the members of one group of devices in this process share: their open collectives by tag,
/// and whether the group was aborted.
public final class LocalGroup {
    private final int members;
    private final Waiting waiting;
    private final Map<Integer, Meeting> meetings = new HashMap<>();
    private volatile boolean aborted;

    /// A group that is all there is.
    public LocalGroup(int members) {
        this(members, members);
    }

    /// A group among others.
    ///
    /// @param threads how many threads of all groups compute at the same time: members spin while
    ///   they wait only if every one of these can have a core
    public LocalGroup(int members, int threads) {
        if (members < 1 || threads < members) {
            throw new IllegalArgumentException(
                    "a group of " + members + " members among " + threads + " threads");
        }
        this.members = members;
        waiting = new Waiting(this, threads);
    }

    public int members() {
        return members;
    }

    /// The access of member `rank`, counted within the group.
    public Communicator communicator(int rank) {
        return communicator(rank, new WaitClock());
    }

    /// The access of member `rank`, counted within the group.
    ///
    /// @param clock counts how long the member waits
    public Communicator communicator(int rank, WaitClock clock) {
        if (rank < 0 || rank >= members) {
            throw new IndexOutOfBoundsException("member " + rank + " of " + members);
        }
        return (op, tag, sources, targets) -> open(rank, op, tag, sources, targets, clock);
    }

    private synchronized PendingCollective open(
            int rank,
            Reshard.Collective op,
            int tag,
            List<Buffer> sources,
            List<Buffer> targets,
            WaitClock clock) {
        int values = Math.max(sources.size(), targets.size());
        Meeting meeting = meetings.computeIfAbsent(tag, t -> new Meeting(this, op, t, values));
        meeting.join(rank, op, sources, targets, clock);
        return new Membership(meeting, rank, members, sources, targets).open(op);
    }

    /// Makes every member that waits, or will wait, throw [GroupAbortedException]. Results of the
    /// collectives under way are lost.
    public void abort() {
        aborted = true;
    }

    Waiting waiting() {
        return waiting;
    }

    boolean isAborted() {
        return aborted;
    }

    /// Makes the group usable again after an abort. No member may be inside a collective.
    public synchronized void reset() {
        meetings.values().forEach(Meeting::reset);
        aborted = false;
    }
}
