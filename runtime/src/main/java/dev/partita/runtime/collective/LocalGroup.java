package dev.partita.runtime.collective;

import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.kernels.Buffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

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
        if (rank < 0 || rank >= members) {
            throw new IndexOutOfBoundsException("member " + rank + " of " + members);
        }
        return (op, tag, sources, targets) -> open(rank, op, tag, sources, targets);
    }

    private synchronized PendingCollective open(
            int rank, Reshard.Collective op, int tag, List<Buffer> sources, List<Buffer> targets) {
        Meeting meeting =
                meetings.computeIfAbsent(tag, t -> new Meeting(this, op, t, sources.size()));
        meeting.join(rank, op, sources, targets);
        Dtype dtype = sources.getFirst().type().dtype();
        List<Part> from = sources.stream().map(b -> Part.whole(b.type())).toList();
        List<Part> to = targets.stream().map(b -> Part.whole(b.type())).toList();
        return switch (op) {
            case Reshard.AllReduce _ -> new AllReduceCollective(meeting, rank, dtype);
            case Reshard.ReduceScatter(_, Reshard.Cut cut) ->
                    new ReduceScatterCollective(
                            meeting,
                            rank,
                            dtype,
                            each(
                                    from,
                                    to,
                                    (a, b) -> new PairedRuns(a.split(cut, rank, members), b)));
            // all of member j's source becomes part j of the target
            case Reshard.AllGather(_, Reshard.Cut cut) ->
                    new ExchangeCollective(
                            meeting,
                            rank,
                            each(
                                    from,
                                    to,
                                    (a, b) -> copies(_ -> a, j -> b.split(cut, j, members))));
            // this member's part of member j's source becomes part j of the target
            case Reshard.AllToAll(_, Reshard.Cut split, Reshard.Cut join) ->
                    new ExchangeCollective(
                            meeting,
                            rank,
                            each(
                                    from,
                                    to,
                                    (a, b) ->
                                            copies(
                                                    _ -> a.split(split, rank, members),
                                                    j -> b.split(join, j, members))));
            // all of the source of the member before becomes the target
            case Reshard.Rotate _ ->
                    new RotateCollective(meeting, rank, each(from, to, BlockCopy::new));
        };
    }

    private static <T> List<T> each(
            List<Part> from, List<Part> to, BiFunction<Part, Part, T> open) {
        return IntStream.range(0, from.size())
                .mapToObj(value -> open.apply(from.get(value), to.get(value)))
                .toList();
    }

    private List<BlockCopy> copies(IntFunction<Part> from, IntFunction<Part> to) {
        return IntStream.range(0, members)
                .mapToObj(j -> new BlockCopy(from.apply(j), to.apply(j)))
                .toList();
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
