package dev.partita.kernels;

import dev.partita.dsl.tensor.Dtype;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// The sum of the same range of several buffers: the arithmetic of an all-reduce inside a process.
/// The sources are added in their order, `((s0 + s1) + s2) + ...`, so that every machine and every
/// split of the range gives the same bits.
public final class GroupSum {
    private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Double> DOUBLES = DoubleVector.SPECIES_PREFERRED;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();

    private GroupSum() {}

    /// Writes the sum of `sources[...][fromByte, fromByte + bytes)` to `target` at `targetByte`.
    /// The target range may be the same memory as one source's range. Allocates nothing.
    ///
    /// @param dtype a floating type; half floats are added in f32 and rounded once; all offsets are
    ///   multiples of its size
    /// @throws IllegalArgumentException if it is not floating
    public static void sum(
            Dtype dtype,
            MemorySegment[] sources,
            long fromByte,
            long bytes,
            MemorySegment target,
            long targetByte) {
        switch (dtype) {
            case F32 -> floats(sources, fromByte, bytes, target, targetByte);
            case F64 -> doubles(sources, fromByte, bytes, target, targetByte);
            case BF16 -> bfloats(sources, fromByte, bytes, target, targetByte);
            case F16 -> halves(sources, fromByte, bytes, target, targetByte);
            case I64, I32, U8 ->
                    throw new IllegalArgumentException("sums are floating, not " + dtype);
        }
    }

    private static void floats(
            MemorySegment[] sources, long from, long bytes, MemorySegment target, long to) {
        int step = FLOATS.vectorByteSize();
        long at = 0;
        for (; at <= bytes - step; at += step) {
            var sum = FloatVector.fromMemorySegment(FLOATS, sources[0], from + at, ORDER);
            for (int s = 1; s < sources.length; s++) {
                sum = sum.add(FloatVector.fromMemorySegment(FLOATS, sources[s], from + at, ORDER));
            }
            sum.intoMemorySegment(target, to + at, ORDER);
        }
        for (; at < bytes; at += Float.BYTES) {
            float sum = sources[0].get(ValueLayout.JAVA_FLOAT, from + at);
            for (int s = 1; s < sources.length; s++) {
                sum += sources[s].get(ValueLayout.JAVA_FLOAT, from + at);
            }
            target.set(ValueLayout.JAVA_FLOAT, to + at, sum);
        }
    }

    private static void doubles(
            MemorySegment[] sources, long from, long bytes, MemorySegment target, long to) {
        int step = DOUBLES.vectorByteSize();
        long at = 0;
        for (; at <= bytes - step; at += step) {
            var sum = DoubleVector.fromMemorySegment(DOUBLES, sources[0], from + at, ORDER);
            for (int s = 1; s < sources.length; s++) {
                sum =
                        sum.add(
                                DoubleVector.fromMemorySegment(
                                        DOUBLES, sources[s], from + at, ORDER));
            }
            sum.intoMemorySegment(target, to + at, ORDER);
        }
        for (; at < bytes; at += Double.BYTES) {
            double sum = sources[0].get(ValueLayout.JAVA_DOUBLE, from + at);
            for (int s = 1; s < sources.length; s++) {
                sum += sources[s].get(ValueLayout.JAVA_DOUBLE, from + at);
            }
            target.set(ValueLayout.JAVA_DOUBLE, to + at, sum);
        }
    }

    private static void bfloats(
            MemorySegment[] sources, long from, long bytes, MemorySegment target, long to) {
        for (long at = 0; at < bytes; at += Short.BYTES) {
            float sum = Bfloat16.toFloat(sources[0].get(ValueLayout.JAVA_SHORT, from + at));
            for (int s = 1; s < sources.length; s++) {
                sum += Bfloat16.toFloat(sources[s].get(ValueLayout.JAVA_SHORT, from + at));
            }
            target.set(ValueLayout.JAVA_SHORT, to + at, Bfloat16.of(sum));
        }
    }

    private static void halves(
            MemorySegment[] sources, long from, long bytes, MemorySegment target, long to) {
        for (long at = 0; at < bytes; at += Short.BYTES) {
            float sum = Float.float16ToFloat(sources[0].get(ValueLayout.JAVA_SHORT, from + at));
            for (int s = 1; s < sources.length; s++) {
                sum += Float.float16ToFloat(sources[s].get(ValueLayout.JAVA_SHORT, from + at));
            }
            target.set(ValueLayout.JAVA_SHORT, to + at, Float.floatToFloat16(sum));
        }
    }
}
