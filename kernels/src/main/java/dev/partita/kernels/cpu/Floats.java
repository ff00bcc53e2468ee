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

    /// All of the process's memory, so that an address is an offset.
    static final MemorySegment MEMORY = everything();

    static final ByteOrder ORDER = ByteOrder.nativeOrder();

    private Floats() {}

    @SuppressWarnings("restricted")
    private static MemorySegment everything() {
        return MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
    }

    static FloatVector load(long address) {
        return FloatVector.fromMemorySegment(SPECIES, MEMORY, address, ORDER);
    }

    static void store(FloatVector vector, long address) {
        vector.intoMemorySegment(MEMORY, address, ORDER);
    }

    static float get(long address) {
        return MEMORY.get(ValueLayout.JAVA_FLOAT, address);
    }

    static void set(long address, float value) {
        MEMORY.set(ValueLayout.JAVA_FLOAT, address, value);
    }

    /// The number at `address` in every lane.
    static FloatVector spread(long address) {
        return FloatVector.broadcast(SPECIES, get(address));
    }

    static ByteVector bytes(VectorSpecies<Byte> species, long address) {
        return ByteVector.fromMemorySegment(species, MEMORY, address, ORDER);
    }

    static void storeBytes(ByteVector vector, long address) {
        vector.intoMemorySegment(MEMORY, address, ORDER);
    }

    static short getShort(long address) {
        return MEMORY.get(ValueLayout.JAVA_SHORT, address);
    }

    static void setShort(long address, short value) {
        MEMORY.set(ValueLayout.JAVA_SHORT, address, value);
    }

    static ShortVector shorts(VectorSpecies<Short> species, long address) {
        return ShortVector.fromMemorySegment(species, MEMORY, address, ORDER);
    }

    static void storeShorts(ShortVector vector, long address) {
        vector.intoMemorySegment(MEMORY, address, ORDER);
    }

    /// `value` in every lane.
    static FloatVector all(double value) {
        return FloatVector.broadcast(SPECIES, (float) value);
    }

    static void copy(long from, long to, long bytes) {
        MemorySegment.copy(MEMORY, from, MEMORY, to, bytes);
    }

    /// Zeroes memory.
    static void clear(long address, long bytes) {
        for (long at = address; at < address + bytes; at += Float.BYTES) {
            MEMORY.set(ValueLayout.JAVA_FLOAT, at, 0);
        }
    }
}
