package dev.partita.kernels;

/// bfloat16 as its 16 bits: the upper half of an f32. (For f16 the JDK has
/// [Float#float16ToFloat(short)].)
public final class Bfloat16 {
    private static final short NAN = 0x7FC0;

    private Bfloat16() {}

    /// The number that these bits are.
    public static float toFloat(short bits) {
        return Float.intBitsToFloat(bits << 16);
    }

    /// The nearest bfloat16, of two the even one.
    public static short of(float value) {
        int bits = Float.floatToRawIntBits(value);
        return Float.isNaN(value) ? NAN : (short) ((bits + 0x7FFF + ((bits >>> 16) & 1)) >>> 16);
    }
}
