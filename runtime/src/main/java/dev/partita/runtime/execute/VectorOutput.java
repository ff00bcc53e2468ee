package dev.partita.runtime.execute;

import dev.partita.kernels.Buffer;
import dev.partita.runtime.state.Elements;
import java.util.List;

/// An output of one dim that is read after every step. Reading allocates nothing on the Java heap.
public final class VectorOutput {
    private final Buffer[] blocks;
    private final int[] firsts;
    private final int size;

    /// @param blocks parts of it, or summands
    VectorOutput(List<Buffer> blocks, long size) {
        this.blocks = blocks.toArray(Buffer[]::new);
        this.size = Math.toIntExact(size);
        firsts =
                blocks.stream()
                        .mapToInt(block -> Math.toIntExact(block.region().offsets().getFirst()))
                        .toArray();
    }

    public int size() {
        return size;
    }

    /// Adds its elements after the last step to as many numbers.
    public void addTo(double[] sums) {
        for (int i = 0; i < blocks.length; i++) {
            Buffer block = blocks[i];
            long elements = block.type().shape().elements();
            for (int j = 0; j < elements; j++) {
                sums[firsts[i] + j] += Elements.get(block.type().dtype(), block.memory(), j);
            }
        }
    }
}
