package dev.partita.kernels.cpu;

import static dev.partita.kernels.cpu.Floats.MEMORY;
import static dev.partita.kernels.cpu.Floats.ORDER;
import static dev.partita.kernels.cpu.Floats.SPECIES;

import dev.partita.dsl.tensor.Dtype;
import dev.partita.kernels.Bfloat16;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/// bf16 and f16 numbers in native memory, by address, to f32 and back. Whole vectors by arithmetic
/// on their bits, with the same result as one by one; the few last numbers one by one.
final class HalfFloats {
    private static final VectorSpecies<Integer> INTS =
            VectorSpecies.of(int.class, SPECIES.vectorShape());
    private static final VectorSpecies<Short> SHORTS =
            VectorSpecies.of(short.class, VectorShape.forBitSize(SPECIES.vectorBitSize() / 2));

    private static final int SIGN = 0x8000_0000;
    private static final int F32_INFINITY = 0x7F80_0000;

    /// Every magnitude from here on is infinite in f16.
    private static final int F16_END = (127 + 16) << 23;

    /// Magnitudes below are subnormal in f16.
    private static final int F16_NORMAL = (127 - 14) << 23;

    /// 0.5: its last bit is worth as much as f16's smallest number, so adding it rounds to f16's
    /// subnormal numbers.
    private static final int SUBNORMAL_MAGIC = (127 - 1) << 23;

    private HalfFloats() {}

    static boolean isHalf(Dtype dtype) {
        return dtype == Dtype.BF16 || dtype == Dtype.F16;
    }

    /// `count` half floats at `from` to f32 at `to`.
    static void widen(Dtype half, long from, long to, long count) {
        long whole = count - count % Floats.LANES;
        if (half == Dtype.BF16) {
            widenBf16(from, to, whole);
        } else {
            widenF16(from, to, whole);
        }
        for (long i = whole; i < count; i++) {
            Floats.set(to + 4 * i, widen(half, Floats.getShort(from + 2 * i)));
        }
    }

    /// `count` f32 numbers at `from` to the nearest half floats at `to`.
    static void narrow(Dtype half, long from, long to, long count) {
        long whole = count - count % Floats.LANES;
        if (half == Dtype.BF16) {
            narrowBf16(from, to, whole);
        } else {
            narrowF16(from, to, whole);
        }
        for (long i = whole; i < count; i++) {
            Floats.setShort(to + 2 * i, narrow(half, Floats.get(from + 4 * i)));
        }
    }

    /// A half float as f32.
    static float widen(Dtype half, short bits) {
        return half == Dtype.BF16 ? Bfloat16.toFloat(bits) : Float.float16ToFloat(bits);
    }

    /// The nearest half float.
    static short narrow(Dtype half, float value) {
        return half == Dtype.BF16 ? Bfloat16.of(value) : Float.floatToFloat16(value);
    }

    private static void widenBf16(long from, long to, long count) {
        for (long i = 0; i < count; i += Floats.LANES) {
            var bits =
                    (IntVector)
                            ShortVector.fromMemorySegment(SHORTS, MEMORY, from + 2 * i, ORDER)
                                    .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0);
            bits.lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats()
                    .intoMemorySegment(MEMORY, to + 4 * i, ORDER);
        }
    }

    private static void narrowBf16(long from, long to, long count) {
        for (long i = 0; i < count; i += Floats.LANES) {
            FloatVector x = FloatVector.fromMemorySegment(SPECIES, MEMORY, from + 4 * i, ORDER);
            IntVector bits = x.reinterpretAsInts();
            IntVector odd = bits.lanewise(VectorOperators.LSHR, 16).and(1);
            IntVector rounded =
                    bits.add(0x7FFF)
                            .add(odd)
                            .lanewise(VectorOperators.LSHR, 16)
                            .blend(0x7FC0, x.compare(VectorOperators.NE, x).cast(INTS));
            ((ShortVector) rounded.convertShape(VectorOperators.I2S, SHORTS, 0))
                    .intoMemorySegment(MEMORY, to + 2 * i, ORDER);
        }
    }

    /// Subnormal numbers by way of an integer: as f32 bits they would be flushed to zero.
    private static void widenF16(long from, long to, long count) {
        for (long i = 0; i < count; i += Floats.LANES) {
            var bits =
                    (IntVector)
                            ShortVector.fromMemorySegment(SHORTS, MEMORY, from + 2 * i, ORDER)
                                    .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0);
            IntVector magnitude = bits.and(0x7FFF);
            IntVector sign = bits.and(0x8000).lanewise(VectorOperators.LSHL, 16);
            IntVector normal = magnitude.lanewise(VectorOperators.LSHL, 13).add((127 - 15) << 23);
            normal =
                    normal.blend(
                            magnitude.lanewise(VectorOperators.LSHL, 13).or(F32_INFINITY),
                            magnitude.compare(VectorOperators.GE, 0x7C00));
            var small = (FloatVector) magnitude.convert(VectorOperators.I2F, 0);
            IntVector subnormal = small.mul(0x1p-24f).reinterpretAsInts();
            IntVector value =
                    normal.blend(subnormal, magnitude.compare(VectorOperators.LT, 0x0400));
            value.or(sign).reinterpretAsFloats().intoMemorySegment(MEMORY, to + 4 * i, ORDER);
        }
    }

    /// After Fabian Giesen's `float_to_half_fast3_rtne`.
    private static void narrowF16(long from, long to, long count) {
        for (long i = 0; i < count; i += Floats.LANES) {
            FloatVector x = FloatVector.fromMemorySegment(SPECIES, MEMORY, from + 4 * i, ORDER);
            IntVector bits = x.reinterpretAsInts();
            IntVector sign = bits.and(SIGN).lanewise(VectorOperators.LSHR, 16);
            IntVector magnitude = bits.and(~SIGN);
            IntVector odd = magnitude.lanewise(VectorOperators.LSHR, 13).and(1);
            IntVector normal =
                    magnitude
                            .add(((15 - 127) << 23) + 0xFFF)
                            .add(odd)
                            .lanewise(VectorOperators.LSHR, 13);
            IntVector subnormal =
                    magnitude
                            .reinterpretAsFloats()
                            .add(Float.intBitsToFloat(SUBNORMAL_MAGIC))
                            .reinterpretAsInts()
                            .sub(SUBNORMAL_MAGIC);
            IntVector value =
                    normal.blend(subnormal, magnitude.compare(VectorOperators.LT, F16_NORMAL))
                            .blend(0x7C00, magnitude.compare(VectorOperators.GE, F16_END))
                            .blend(0x7E00, magnitude.compare(VectorOperators.GT, F32_INFINITY));
            ((ShortVector) value.or(sign).convertShape(VectorOperators.I2S, SHORTS, 0))
                    .intoMemorySegment(MEMORY, to + 2 * i, ORDER);
        }
    }
}
