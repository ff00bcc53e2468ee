package dev.partita.kernels;

import dev.partita.dsl.graph.Op;

/// Which elements a dropout keeps: element `index` of the whole batch's tensor draws word `index %
/// 4` of the [Philox] block with key `stream` and counter `(index / 4, step)`, and is dropped if
/// the word is below `rate * 2^32`. Every sharding, every number of micro-batches and every element
/// type decides alike.
public final class DropoutMask {
    private final int stream;
    private final long threshold;
    private final double scale;
    private final long first;
    private final int[] words = new int[4];
    private long step;
    private long block;

    public DropoutMask(Op.Dropout op) {
        stream = op.stream();
        threshold = Math.round(op.rate() * 0x1p32);
        scale = 1 / (1 - op.rate());
        first = op.first();
    }

    /// Begins the masks of a step.
    public void start(long newStep) {
        step = newStep;
        block = -1;
    }

    /// What the element at this global row-major index of the op's operand is multiplied by: 0, or
    /// `1 / (1 - rate)`.
    public double factor(long ownIndex) {
        long index = first + ownIndex;
        if (index >>> 2 != block) {
            block = index >>> 2;
            Philox.block(stream, block, step, words);
        }
        return Integer.toUnsignedLong(words[(int) index & 3]) < threshold ? 0 : scale;
    }
}
