package dev.partita.kernels.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorSpecies;

/// f32 numbers in native memory, by address. Kernels check sizes once, when they are opened; after
/// that neither bounds nor lifetimes are checked again.
final class Floats {
    static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    static final int LANES = SPECIES.length();

    /// Bytes of one vector.
    static final int STEP = SPECIES.vectorByteSize();

    private static final MemorySegment EVERYTHING = everything();
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();

    private Floats() {}

    @SuppressWarnings("restricted")
    private static MemorySegment everything() {
        return MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
    }

    static FloatVector load(long address) {
        return FloatVector.fromMemorySegment(SPECIES, EVERYTHING, address, ORDER);
    }

    static void store(FloatVector vector, long address) {
        vector.intoMemorySegment(EVERYTHING, address, ORDER);
    }

    static float get(long address) {
        return EVERYTHING.get(ValueLayout.JAVA_FLOAT, address);
    }

    static void set(long address, float value) {
        EVERYTHING.set(ValueLayout.JAVA_FLOAT, address, value);
    }

    /// The number at `address` in every lane.
    static FloatVector spread(long address) {
        return FloatVector.broadcast(SPECIES, get(address));
    }

    static ByteVector bytes(VectorSpecies<Byte> species, long address) {
        return ByteVector.fromMemorySegment(species, EVERYTHING, address, ORDER);
    }

    static void storeBytes(ByteVector vector, long address) {
        vector.intoMemorySegment(EVERYTHING, address, ORDER);
    }

    static short getShort(long address) {
        return EVERYTHING.get(ValueLayout.JAVA_SHORT, address);
    }

    static void setShort(long address, short value) {
        EVERYTHING.set(ValueLayout.JAVA_SHORT, address, value);
    }

    static ShortVector shorts(VectorSpecies<Short> species, long address) {
        return ShortVector.fromMemorySegment(species, EVERYTHING, address, ORDER);
    }

    static void storeShorts(ShortVector vector, long address) {
        vector.intoMemorySegment(EVERYTHING, address, ORDER);
    }

    /// `value` in every lane.
    static FloatVector all(double value) {
        return FloatVector.broadcast(SPECIES, (float) value);
    }

    static void copy(long from, long to, long bytes) {
        MemorySegment.copy(EVERYTHING, from, EVERYTHING, to, bytes);
    }

    /// Zeroes memory.
    static void clear(long address, long bytes) {
        for (long at = address; at < address + bytes; at += Float.BYTES) {
            EVERYTHING.set(ValueLayout.JAVA_FLOAT, at, 0);
        }
    }
}
