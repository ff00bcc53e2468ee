package dev.partita.kernels;

import dev.partita.dsl.tensor.Dtype;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Objects;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// The sum of the same range of several buffers: the arithmetic of an all-reduce inside a process.
/// The sources are added to zero in their order, `((0 + s0) + s1) + ...`, so that every machine and
/// every split of the range gives the same bits.
public final class GroupSum {
    private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Double> DOUBLES = DoubleVector.SPECIES_PREFERRED;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();

    /// All of the process's memory, so that an address is an offset.
    private static final MemorySegment MEMORY = everything();

    private GroupSum() {}

    @SuppressWarnings("restricted")
    private static MemorySegment everything() {
        return MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
    }

    /// Writes the sum of `sources[...][fromByte, fromByte + bytes)` to `target` at `targetByte`.
    /// The target range may be the same memory as one source's range. Allocates nothing.
    ///
    /// @param dtype a floating type; half floats are added in f32 and rounded once; all offsets are
    ///   multiples of its size
    /// @param sources native memory, as the target
    /// @throws IllegalArgumentException if it is not floating, or memory is not native
    /// @throws IndexOutOfBoundsException if a range is not inside its memory
    public static void sum(
            Dtype dtype,
            MemorySegment[] sources,
            long fromByte,
            long bytes,
            MemorySegment target,
            long targetByte) {
        for (MemorySegment source : sources) {
            requireNative(source, fromByte, bytes);
        }
        requireNative(target, targetByte, bytes);
        switch (dtype) {
            case F32 -> floats(sources, fromByte, bytes, target, targetByte);
            case F64 -> doubles(sources, fromByte, bytes, target, targetByte);
            case BF16 -> bfloats(sources, fromByte, bytes, target, targetByte);
            case F16 -> halves(sources, fromByte, bytes, target, targetByte);
            case I64, I32, U8 ->
                    throw new IllegalArgumentException("sums are floating, not " + dtype);
        }
    }

    private static void requireNative(MemorySegment memory, long from, long bytes) {
        if (!memory.isNative()) {
            throw new IllegalArgumentException("sums are of native memory, not " + memory);
        }
        Objects.checkFromIndexSize(from, bytes, memory.byteSize());
    }

    private static void floats(
            MemorySegment[] sources, long from, long bytes, MemorySegment target, long to) {
        int step = FLOATS.vectorByteSize();
        int last = sources.length - 1;
        long at = 0;
        for (; at <= bytes - step; at += step) {
            var sum = FloatVector.zero(FLOATS);
            for (int s = 0; s < last; s++) {
                long next = sources[s].address() + from + at;
                sum = FloatVector.fromMemorySegment(FLOATS, MEMORY, next, ORDER).add(sum);
            }
            FloatVector.fromMemorySegment(
                            FLOATS, MEMORY, sources[last].address() + from + at, ORDER)
                    .add(sum)
                    .intoMemorySegment(MEMORY, target.address() + to + at, ORDER);
        }
        for (; at < bytes; at += Float.BYTES) {
            float sum = 0;
            for (MemorySegment source : sources) {
                sum += source.get(ValueLayout.JAVA_FLOAT, from + at);
            }
            target.set(ValueLayout.JAVA_FLOAT, to + at, sum);
        }
    }

    private static void doubles(
            MemorySegment[] sources, long from, long bytes, MemorySegment target, long to) {
        int step = DOUBLES.vectorByteSize();
        int last = sources.length - 1;
        long at = 0;
        for (; at <= bytes - step; at += step) {
            var sum = DoubleVector.zero(DOUBLES);
            for (int s = 0; s < last; s++) {
                long next = sources[s].address() + from + at;
                sum = DoubleVector.fromMemorySegment(DOUBLES, MEMORY, next, ORDER).add(sum);
            }
            DoubleVector.fromMemorySegment(
                            DOUBLES, MEMORY, sources[last].address() + from + at, ORDER)
                    .add(sum)
                    .intoMemorySegment(MEMORY, target.address() + to + at, ORDER);
        }
        for (; at < bytes; at += Double.BYTES) {
            double sum = 0;
            for (MemorySegment source : sources) {
                sum += source.get(ValueLayout.JAVA_DOUBLE, from + at);
            }
            target.set(ValueLayout.JAVA_DOUBLE, to + at, sum);
        }
    }

    private static void bfloats(
            MemorySegment[] sources, long from, long bytes, MemorySegment target, long to) {
        for (long at = 0; at < bytes; at += Short.BYTES) {
            float sum = 0;
            for (MemorySegment source : sources) {
                sum += Bfloat16.toFloat(source.get(ValueLayout.JAVA_SHORT, from + at));
            }
            target.set(ValueLayout.JAVA_SHORT, to + at, Bfloat16.of(sum));
        }
    }

    private static void halves(
            MemorySegment[] sources, long from, long bytes, MemorySegment target, long to) {
        for (long at = 0; at < bytes; at += Short.BYTES) {
            float sum = 0;
            for (MemorySegment source : sources) {
                sum += Float.float16ToFloat(source.get(ValueLayout.JAVA_SHORT, from + at));
            }
            target.set(ValueLayout.JAVA_SHORT, to + at, Float.floatToFloat16(sum));
        }
    }
}
