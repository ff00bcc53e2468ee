package dev.partita.runtime.collective;

import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.graph.Reshard.Cut;
import dev.partita.dsl.tensor.Dim;
import dev.partita.dsl.tensor.TensorType;
import dev.partita.kernels.Buffer;
import dev.partita.runtime.collective.ExchangeCollective.Taking;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/// One member's buffers in one collective, and what it does with them.
///
/// @param sources what it brings, or none
/// @param targets what it gets, or none
record Membership(
        Meeting meeting, int rank, int members, List<Buffer> sources, List<Buffer> targets) {
    /// The member's part in a collective.
    PendingCollective open(Reshard.Collective op) {
        return switch (op) {
            case Reshard.AllReduce _ ->
                    new AllReduceCollective(meeting, rank, sources.getFirst().type().dtype());
            case Reshard.ReduceScatter(_, Cut cut) ->
                    sum(source -> source.split(cut, rank, members));
            case Reshard.Reduce _ -> sum(source -> source);
            case Reshard.AllGather(_, Cut cut) -> exchange(all(), joining(cut));
            case Reshard.Gather(_, _, int dim) -> exchange(all(), joining(inOrder(dim)));
            // this member's part of member j's source becomes part j of the target
            case Reshard.AllToAll(_, Cut split, Cut join) ->
                    exchange(
                            all(),
                            (value, j) ->
                                    new BlockCopy(
                                            source(value).split(split, rank, members),
                                            target(value).split(join, j, members)));
            case Reshard.Scatter(_, int root, int dim) ->
                    exchange(
                            IntStream.of(root),
                            (value, _) ->
                                    new BlockCopy(
                                            Part.whole(longer(value, dim))
                                                    .split(inOrder(dim), rank, members),
                                            target(value)));
            case Reshard.Rotate _ ->
                    exchange(IntStream.of(Math.floorMod(rank - 1, members)), copying());
            case Reshard.Broadcast(_, int root) -> exchange(IntStream.of(root), copying());
            case Reshard.Send(_, int from, int _) -> exchange(IntStream.of(from), copying());
        };
    }

    /// Copies each value from each of these members; a member that gets nothing copies nothing.
    private PendingCollective exchange(IntStream givers, Copying copying) {
        List<Taking> takings =
                givers.filter(_ -> !targets.isEmpty())
                        .mapToObj(giver ->
                                new Taking(
                                        giver,
                                        IntStream.range(0, targets.size())
                                                .mapToObj(value -> copying.open(value, giver))
                                                .toList()))
                        .toList();
        return new ExchangeCollective(meeting, rank, takings);
    }

    /// Opens the copy of a value from a member.
    private interface Copying {
        BlockCopy open(int value, int giver);
    }

    /// All of member j's source becomes part j of the target.
    private Copying joining(Cut cut) {
        return (value, j) -> new BlockCopy(source(value), target(value).split(cut, j, members));
    }

    private static Cut inOrder(int dim) {
        return new Cut(dim, false);
    }

    private Copying copying() {
        return (value, _) -> new BlockCopy(target(value), target(value));
    }

    private PendingCollective sum(UnaryOperator<Part> own) {
        List<PairedRuns> runs =
                IntStream.range(0, targets.size())
                        .mapToObj(value -> new PairedRuns(own.apply(source(value)), target(value)))
                        .toList();
        return new PartSumCollective(meeting, rank, sources.getFirst().type().dtype(), runs);
    }

    /// All members, this one first, so that not all read from the same one at once.
    private IntStream all() {
        return IntStream.range(0, members).map(i -> (rank + i) % members);
    }

    private Part source(int value) {
        return Part.whole(sources.get(value).type());
    }

    private Part target(int value) {
        return Part.whole(targets.get(value).type());
    }

    /// The type of which a target is one member's part.
    private TensorType longer(int value, int dim) {
        TensorType part = targets.get(value).type();
        Dim cut = part.shape().dim(dim);
        return part.withShape(part.shape().with(dim, cut.withSize(cut.size() * members)));
    }
}
