package dev.partita.kernels.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;

/// A stretch of f32 elements on the Java heap, small enough for the first cache and a whole number
/// of vectors long, so that loops over it need no tail: what lies behind the last element is
/// computed along and never stored.
final class Tile {
    /// Elements of a tile where the kernel is free to choose.
    static final int LENGTH = 1024;

    private Tile() {}

    static float[] create() {
        return new float[LENGTH];
    }

    /// A tile for `width` elements: the next whole number of vectors.
    static float[] forWidth(long width) {
        return new float[padded(Math.toIntExact(width))];
    }

    /// `length` rounded up to whole vectors.
    static int padded(int length) {
        return (length + Floats.LANES - 1) / Floats.LANES * Floats.LANES;
    }

    /// Copies `length` elements from `buffer` at `start` into the tile.
    static void load(MemorySegment buffer, long start, float[] tile, int length) {
        MemorySegment.copy(buffer, ValueLayout.JAVA_FLOAT, start * Float.BYTES, tile, 0, length);
    }

    /// Copies `length` elements of the tile to `buffer` at `start`.
    static void store(float[] tile, MemorySegment buffer, long start, int length) {
        MemorySegment.copy(tile, 0, buffer, ValueLayout.JAVA_FLOAT, start * Float.BYTES, length);
    }

    static FloatVector vector(float[] tile, int index) {
        return FloatVector.fromArray(Floats.SPECIES, tile, index);
    }
}
