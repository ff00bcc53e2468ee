package dev.partita.kernels.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// f32 numbers in native memory, by address. Kernels check sizes once, when they are opened; after
/// that neither bounds nor lifetimes are checked again.
final class Floats {
    static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    static final int LANES = SPECIES.length();

    /// Bytes of one vector.
    static final int STEP = SPECIES.vectorByteSize();

    /// Vectors that are copied faster by hand than by a call.
    private static final long FEW = 16;

    /// All of the process's memory, so that an address is an offset.
    static final MemorySegment MEMORY = everything();

    static final ByteOrder ORDER = ByteOrder.nativeOrder();

    private Floats() {}

    @SuppressWarnings("restricted")
    private static MemorySegment everything() {
        return MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
    }

    static float get(long address) {
        return MEMORY.get(ValueLayout.JAVA_FLOAT, address);
    }

    static void set(long address, float value) {
        MEMORY.set(ValueLayout.JAVA_FLOAT, address, value);
    }

    static short getShort(long address) {
        return MEMORY.get(ValueLayout.JAVA_SHORT, address);
    }

    static void setShort(long address, short value) {
        MEMORY.set(ValueLayout.JAVA_SHORT, address, value);
    }

    /// A few vectors are copied here, since a call costs more than they do.
    static void copy(long from, long to, long bytes) {
        if (bytes > FEW * STEP || bytes % STEP != 0) {
            MemorySegment.copy(MEMORY, from, MEMORY, to, bytes);
            return;
        }
        for (long i = 0; i < bytes; i += STEP) {
            FloatVector.fromMemorySegment(SPECIES, MEMORY, from + i, ORDER)
                    .intoMemorySegment(MEMORY, to + i, ORDER);
        }
    }

    /// Zeroes memory.
    static void clear(long address, long bytes) {
        long whole = bytes - bytes % STEP;
        for (long i = 0; i < whole; i += STEP) {
            FloatVector.zero(SPECIES).intoMemorySegment(MEMORY, address + i, ORDER);
        }
        for (long i = whole; i < bytes; i += Float.BYTES) {
            set(address + i, 0);
        }
    }

    /// Gives all elements behind the first `count` of the vector that holds the last of these
    /// another value.
    static void fillVector(long x, int count, float value) {
        int rest = count % LANES;
        if (rest != 0) {
            long at = x + (long) (count - rest) * Float.BYTES;
            FloatVector.broadcast(SPECIES, value)
                    .blend(
                            FloatVector.fromMemorySegment(SPECIES, MEMORY, at, ORDER),
                            SPECIES.indexInRange(0, rest))
                    .intoMemorySegment(MEMORY, at, ORDER);
        }
    }

    /// `sum += x`, for any number of elements.
    static void add(long x, long sum, long bytes) {
        long whole = bytes - bytes % STEP;
        for (long i = 0; i < whole; i += STEP) {
            FloatVector.fromMemorySegment(SPECIES, MEMORY, sum + i, ORDER)
                    .add(FloatVector.fromMemorySegment(SPECIES, MEMORY, x + i, ORDER))
                    .intoMemorySegment(MEMORY, sum + i, ORDER);
        }
        for (long i = whole; i < bytes; i += Float.BYTES) {
            set(sum + i, get(sum + i) + get(x + i));
        }
    }
}
