package dev.partita.runtime.collective;

import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.graph.Reshard.Cut;
import java.util.ArrayList;
import java.util.List;

/// The slow truth: what each member's target holds after a collective, element by element, from all
/// sources at once.
final class PlainCollectives {
    private PlainCollectives() {}

    /// What each member gets.
    ///
    /// @param sizes of every source
    /// @param sources by member; of one that brings nothing, anything
    /// @return by member; of one that gets nothing, empty
    static List<double[]> targets(Reshard.Collective op, long[] sizes, List<double[]> sources) {
        int members = sources.size();
        var targets = new ArrayList<double[]>();
        for (int rank = 0; rank < members; rank++) {
            long[] shape = targetSizes(op, sizes, members);
            var target = new double[op.takes(rank) ? (int) product(shape) : 0];
            for (int i = 0; i < target.length; i++) {
                target[i] = element(op, sizes, sources, rank, unravel(i, shape));
            }
            targets.add(target);
        }
        return targets;
    }

    static long[] targetSizes(Reshard.Collective op, long[] sizes, int members) {
        long[] shape = sizes.clone();
        switch (op) {
            case Reshard.AllReduce _,
                    Reshard.Rotate _,
                    Reshard.Reduce _,
                    Reshard.Broadcast _,
                    Reshard.Send _ -> {}
            case Reshard.AllGather(_, Cut cut) -> shape[cut.dim()] *= members;
            case Reshard.Gather(_, _, int dim) -> shape[dim] *= members;
            case Reshard.ReduceScatter(_, Cut cut) -> shape[cut.dim()] /= members;
            case Reshard.Scatter(_, _, int dim) -> shape[dim] /= members;
            case Reshard.AllToAll(_, Cut split, Cut join) -> {
                shape[split.dim()] /= members;
                shape[join.dim()] *= members;
            }
        }
        return shape;
    }

    private static double element(
            Reshard.Collective op, long[] sizes, List<double[]> sources, int rank, long[] at) {
        long[] from = at.clone();
        int members = sources.size();
        return switch (op) {
            case Reshard.AllReduce _, Reshard.Reduce _ -> sum(sources, from, sizes);
            case Reshard.Broadcast(_, int root) -> sources.get(root)[ravel(from, sizes)];
            case Reshard.Send(_, int giver, _) -> sources.get(giver)[ravel(from, sizes)];
            case Reshard.Scatter(_, int root, int dim) -> {
                from[dim] += rank * sizes[dim] / members;
                yield sources.get(root)[ravel(from, sizes)];
            }
            case Reshard.Gather(_, _, int dim) -> joined(sizes, sources, new Cut(dim, false), at);
            case Reshard.AllGather(_, Cut cut) -> joined(sizes, sources, cut, at);
            case Reshard.Rotate _ ->
                    sources.get(Math.floorMod(rank - 1, members))[ravel(from, sizes)];
            case Reshard.ReduceScatter(_, Cut cut) -> {
                int dim = cut.dim();
                from[dim] = place(cut, at[dim], sizes[dim] / members, rank, members);
                yield sum(sources, from, sizes);
            }
            case Reshard.AllToAll(_, Cut split, Cut join) -> {
                int to = join.dim();
                long part = split.dim() == to ? sizes[to] / members : sizes[to];
                int owner = owner(join, at[to], part, members);
                from[to] = index(join, at[to], part, owner, members);
                int cut = split.dim();
                from[cut] = place(split, from[cut], sizes[cut] / members, rank, members);
                yield sources.get(owner)[ravel(from, sizes)];
            }
        };
    }

    private static double joined(long[] sizes, List<double[]> sources, Cut cut, long[] at) {
        int dim = cut.dim();
        long[] from = at.clone();
        int owner = owner(cut, at[dim], sizes[dim], sources.size());
        from[dim] = index(cut, at[dim], sizes[dim], owner, sources.size());
        return sources.get(owner)[ravel(from, sizes)];
    }

    /// Where element `i` of member `rank`'s part of this size lies in the whole.
    private static long place(Cut cut, long i, long size, int rank, int members) {
        long half = size / 2;
        if (!cut.balanced()) {
            return rank * size + i;
        }
        return i < half ? rank * half + i : (2L * members - 1 - rank) * half + i - half;
    }

    /// Whose part of this size has element `at` of the whole.
    private static int owner(Cut cut, long at, long size, int members) {
        for (int rank = 0; rank < members; rank++) {
            for (long i = 0; i < size; i++) {
                if (place(cut, i, size, rank, members) == at) {
                    return rank;
                }
            }
        }
        throw new AssertionError("nobody has " + at);
    }

    private static long index(Cut cut, long at, long size, int rank, int members) {
        for (long i = 0; i < size; i++) {
            if (place(cut, i, size, rank, members) == at) {
                return i;
            }
        }
        throw new AssertionError(rank + " does not have " + at);
    }

    private static double sum(List<double[]> sources, long[] at, long[] sizes) {
        double sum = 0;
        for (double[] source : sources) {
            sum += source[ravel(at, sizes)];
        }
        return sum;
    }

    private static int ravel(long[] at, long[] sizes) {
        long index = 0;
        for (int i = 0; i < sizes.length; i++) {
            index = index * sizes[i] + at[i];
        }
        return (int) index;
    }

    private static long[] unravel(long index, long[] sizes) {
        var at = new long[sizes.length];
        for (int i = sizes.length - 1; i >= 0; i--) {
            at[i] = index % sizes[i];
            index /= sizes[i];
        }
        return at;
    }

    static long product(long[] sizes) {
        long product = 1;
        for (long size : sizes) {
            product *= size;
        }
        return product;
    }
}
