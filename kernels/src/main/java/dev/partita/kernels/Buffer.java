package dev.partita.kernels;

import dev.partita.dsl.tensor.Region;
import dev.partita.dsl.tensor.TensorType;
import java.lang.foreign.MemorySegment;

/// One device's block of a tensor, densely packed row-major in memory.
///
/// @param type type of the block
/// @param region where the block lies inside the whole tensor
/// @param memory exactly the block's bytes, aligned to 64 unless it is a part of another block
public record Buffer(TensorType type, Region region, MemorySegment memory) {
    public Buffer {
        if (memory.byteSize() != type.bytes()) {
            throw new IllegalArgumentException(
                    type + " takes " + type.bytes() + " bytes, not " + memory.byteSize());
        }
    }

    /// A block that is the whole tensor.
    public static Buffer whole(TensorType type, MemorySegment memory) {
        return new Buffer(type, Region.whole(type.shape()), memory);
    }
}
