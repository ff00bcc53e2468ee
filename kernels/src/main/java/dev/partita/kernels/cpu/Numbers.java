package dev.partita.kernels.cpu;

import dev.partita.dsl.tensor.Dtype;
import dev.partita.kernels.Buffer;
import java.lang.foreign.MemorySegment;

/// f32 numbers or half floats in memory, which kernels read into tiles of f32 and store from them.
record Numbers(Dtype dtype, MemorySegment memory) {
    static Numbers of(Buffer buffer) {
        return new Numbers(buffer.type().dtype(), buffer.memory());
    }

    /// True for the types that there are tiles for.
    static boolean are(Buffer buffer) {
        Dtype dtype = buffer.type().dtype();
        return dtype == Dtype.F32 || HalfFloats.isHalf(dtype);
    }

    /// Copies `length` elements from `start` on into a tile.
    void load(long start, float[] tile, int length) {
        if (dtype == Dtype.F32) {
            Tile.load(memory, start, tile, length);
        } else {
            HalfFloats.widen(dtype, memory.address() + 2 * start, tile, length);
        }
    }

    /// Copies `length` elements of a tile to those from `start` on.
    void store(float[] tile, long start, int length) {
        if (dtype == Dtype.F32) {
            Tile.store(tile, memory, start, length);
        } else {
            HalfFloats.narrow(dtype, tile, memory.address() + 2 * start, length);
        }
    }
}
