package dev.partita.kernels;

import dev.partita.dsl.tensor.Region;
import dev.partita.dsl.tensor.Shape;

/// How many keys of a block each query of another block sees. Positions ascend within a block, so
/// under a causal mask they are the first of it. Found once, when a kernel is opened.
public final class SeenKeys {
    private final int[] seen;

    private SeenKeys(int[] seen) {
        this.seen = seen;
    }

    /// The keys that `queries`, whose positions are dim 1, see of `keys`, whose positions are dim
    /// 1.
    ///
    /// @param causal true if a position sees itself and those before it in the whole sequence,
    ///   false if it sees all
    public static SeenKeys of(Buffer queries, Buffer keys, boolean causal) {
        return of(
                queries.type().shape(),
                queries.region(),
                keys.type().shape(),
                keys.region(),
                causal);
    }

    /// The same of blocks of these shapes that lie in these regions.
    public static SeenKeys of(
            Shape queries, Region queriesAt, Shape keys, Region keysAt, boolean causal) {
        int size = Math.toIntExact(keys.size(1));
        var seen = new int[Math.toIntExact(queries.size(1))];
        int count = 0;
        for (int query = 0; query < seen.length; query++) {
            long position = queriesAt.along(1).global(query, seen.length);
            while (count < size && (!causal || keysAt.along(1).global(count, size) <= position)) {
                count++;
            }
            seen[query] = count;
        }
        return new SeenKeys(seen);
    }

    /// How many keys, from the first of the block, the query at this position of its block sees.
    public int count(int query) {
        return seen[query];
    }

    /// Pairs of a query and a key that it sees: the scores of a head.
    public long pairs() {
        long pairs = 0;
        for (int count : seen) {
            pairs += count;
        }
        return pairs;
    }

    @Override
    public String toString() {
        return pairs() + " pairs of " + seen.length + " queries";
    }
}
