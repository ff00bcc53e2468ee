package dev.partita.runtime.data;

/// Random numbers as a pure function of a key: the finalizer of SplitMix64 (Steele, Lea and Flood
/// 2014). Allocates nothing.
final class SplitMix {
    private static final long GAMMA = 0x9E3779B97F4A7C15L;

    private SplitMix() {}

    /// A key made of another and one more word.
    static long mix(long key, long word) {
        long z = key + GAMMA * (word + 1);
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }

    /// Uniform over `[-1, 1)`, the `draw`-th of a key.
    static double symmetric(long key, long draw) {
        return (mix(key, draw) >> 11) * 0x1p-52;
    }

    /// Uniform over `0..bound-1`, the `draw`-th of a key. The bias is below `bound / 2^63`.
    static int below(int bound, long key, long draw) {
        return (int) Long.remainderUnsigned(mix(key, draw), bound);
    }
}
