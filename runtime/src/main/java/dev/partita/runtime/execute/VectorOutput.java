package dev.partita.runtime.execute;

import dev.partita.dsl.tensor.Region;
import dev.partita.kernels.Buffer;
import dev.partita.runtime.state.Elements;
import java.util.List;

/// An output of one dim that is read after every step. Reading allocates nothing on the Java heap.
public final class VectorOutput {
    private final Buffer[] blocks;
    private final Region.Along[] places;
    private final int size;

    /// @param blocks parts of it, or summands
    VectorOutput(List<Buffer> blocks, long size) {
        this.blocks = blocks.toArray(Buffer[]::new);
        this.size = Math.toIntExact(size);
        places = blocks.stream().map(block -> block.region().along(0)).toArray(Region.Along[]::new);
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
                int at = (int) places[i].global(j, elements);
                sums[at] += Elements.get(block.type().dtype(), block.memory(), j);
            }
        }
    }
}
