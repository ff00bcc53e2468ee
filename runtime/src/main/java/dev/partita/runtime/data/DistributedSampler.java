package dev.partita.runtime.data;

import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import java.util.Arrays;

/// Draws every example once an epoch, in an order that depends on nothing but the epoch and the
/// seed. Batch `b` is places `b * batch` and on of that order; replica `r` gets the `r`-th of equal
/// parts of every batch, as a batch dim sharded over the replicas lies.
///
/// @param examples how many there are
/// @param batch examples per step, over all replicas
/// @param replicas devices that get different examples
/// @param remainder what becomes of examples that do not fill a batch
public record DistributedSampler(int examples, int batch, int replicas, Remainder remainder) {
    public DistributedSampler {
        if (batch < 1 || replicas < 1 || batch % replicas != 0) {
            throw Problem.of(
                            ProblemCode.INVALID_ARGUMENT,
                            "A batch must hold the same number of examples for every replica.")
                    .fact("batch", batch)
                    .fact("replicas", replicas)
                    .fix("take a batch that is a multiple of " + Math.max(1, replicas))
                    .exception();
        }
        if (examples < batch && (remainder == Remainder.DROP || examples < 1)) {
            throw Problem.of(ProblemCode.TOO_FEW_EXAMPLES, "The examples do not fill one batch.")
                    .fact("examples", examples)
                    .fact("batch", batch)
                    .fix("take a batch of at most " + Math.max(1, examples))
                    .exception();
        }
    }

    /// Batches per epoch.
    public int steps() {
        return remainder == Remainder.DROP ? examples / batch : Math.ceilDiv(examples, batch);
    }

    /// Examples of batch `step` of an epoch before it is filled up.
    public int real(int step) {
        return Math.min(batch, examples - step * batch);
    }

    /// The examples of an epoch, batch after batch.
    public int[] order(int epoch, long seed) {
        var order = new int[examples];
        Arrays.setAll(order, i -> i);
        long key = SplitMix.mix(seed, epoch);
        for (int i = examples - 1; i > 0; i--) {
            int j = SplitMix.below(i + 1, key, i);
            int swapped = order[i];
            order[i] = order[j];
            order[j] = swapped;
        }
        return filled(order);
    }

    /// The examples in their own order, for testing.
    public int[] inOrder() {
        var order = new int[examples];
        Arrays.setAll(order, i -> i);
        return filled(order);
    }

    private int[] filled(int[] order) {
        int[] filled = Arrays.copyOf(order, steps() * batch);
        for (int i = examples; i < filled.length; i++) {
            filled[i] = order[i % examples];
        }
        return filled;
    }

    /// The part of an [#order] that `replica` gets, batch after batch.
    public int[] share(int[] order, int replica) {
        int part = batch / replicas;
        var share = new int[order.length / replicas];
        for (int i = 0; i < share.length; i++) {
            share[i] = order[i / part * batch + replica * part + i % part];
        }
        return share;
    }
}
