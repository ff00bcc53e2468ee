package dev.partita.runtime.collective;

import dev.partita.dsl.graph.Reshard;
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
            case Reshard.AllReduce _, Reshard.Reduce _, Reshard.Broadcast _, Reshard.Send _ -> {}
            case Reshard.AllGather(_, int dim) -> shape[dim] *= members;
            case Reshard.Gather(_, _, int dim) -> shape[dim] *= members;
            case Reshard.ReduceScatter(_, int dim) -> shape[dim] /= members;
            case Reshard.Scatter(_, _, int dim) -> shape[dim] /= members;
            case Reshard.AllToAll(_, int split, int join) -> {
                shape[split] /= members;
                shape[join] *= members;
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
            case Reshard.ReduceScatter(_, int dim) -> {
                from[dim] += rank * sizes[dim] / members;
                yield sum(sources, from, sizes);
            }
            case Reshard.AllGather(_, int dim) -> joined(sizes, sources, dim, at);
            case Reshard.Gather(_, _, int dim) -> joined(sizes, sources, dim, at);
            case Reshard.AllToAll(_, int split, int join) -> {
                long part = split == join ? sizes[join] / members : sizes[join];
                from[join] = at[join] % part;
                from[split] += rank * (sizes[split] / members);
                yield sources.get((int) (at[join] / part))[ravel(from, sizes)];
            }
        };
    }

    private static double joined(long[] sizes, List<double[]> sources, int dim, long[] at) {
        long[] from = at.clone();
        from[dim] %= sizes[dim];
        return sources.get((int) (at[dim] / sizes[dim]))[ravel(from, sizes)];
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
