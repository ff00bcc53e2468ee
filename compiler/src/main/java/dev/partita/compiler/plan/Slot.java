package dev.partita.compiler.plan;

import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.mesh.Placement;
import dev.partita.dsl.tensor.Region;
import dev.partita.dsl.tensor.TensorType;

/// A range of a device's arena that holds one block of a tensor while it is alive. Prints
/// `s4@1024`.
///
/// @param id number of the slot in its program
/// @param offset first byte in the arena, a multiple of 64, or of the element size inside a bucket
///   or a batch of micro-batches
/// @param type type of the block
/// @param whole type of the tensor the block is part of
/// @param placement how the tensor lies over the mesh; partial where the block is a summand
/// @param use what the block is there for
public record Slot(
        int id,
        long offset,
        TensorType type,
        TensorType whole,
        Placement placement,
        MemoryUse use) {
    /// First byte after the block.
    public long end() {
        return offset + type.bytes();
    }

    /// True if the two share a byte of the arena.
    public boolean overlaps(Slot other) {
        return offset < other.end() && other.offset < end();
    }

    /// True if all bytes of this are bytes of the other.
    public boolean isWithin(Slot other) {
        return other.offset <= offset && end() <= other.end();
    }

    /// Where the block of device `rank` lies inside the whole tensor.
    public Region region(Mesh mesh, int rank) {
        return placement.region(whole.shape(), mesh, rank);
    }

    @Override
    public String toString() {
        return "s" + id + "@" + offset;
    }
}
