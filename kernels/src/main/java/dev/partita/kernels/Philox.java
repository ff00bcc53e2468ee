package dev.partita.kernels;

/// Philox4x32-10, the counter-based random number generator of Salmon, Moraes, Dror and Shaw,
/// "Parallel random numbers: as easy as 1, 2, 3" (SC 2011).
///
/// A block of four 32-bit words is a pure function of a 128-bit counter and a 64-bit key, so any
/// element of a tensor has its number without its neighbours having been drawn. Partita's use:
///
/// - key: what tells apart the tensors of a run (the dropout stream, or the seed);
/// - counter, low half: the row-major index of a group of elements in the *whole* tensor;
/// - counter, high half: what changes over time (the step), or the parameter's name hashed.
public final class Philox {
    private static final int M0 = 0xD2511F53;
    private static final int M1 = 0xCD9E8D57;
    private static final int WEYL0 = 0x9E3779B9;
    private static final int WEYL1 = 0xBB67AE85;
    private static final int ROUNDS = 10;

    private Philox() {}

    /// Writes the four words of the block at counter `(low, high)` under `key`.
    ///
    /// @param words receives `words[0..3]`
    public static void block(long key, long low, long high, int[] words) {
        int k0 = (int) key;
        int k1 = (int) (key >>> 32);
        int c0 = (int) low;
        int c1 = (int) (low >>> 32);
        int c2 = (int) high;
        int c3 = (int) (high >>> 32);
        for (int round = 0; round < ROUNDS; round++) {
            long p0 = (M0 & 0xFFFFFFFFL) * (c0 & 0xFFFFFFFFL);
            long p1 = (M1 & 0xFFFFFFFFL) * (c2 & 0xFFFFFFFFL);
            c0 = (int) (p1 >>> 32) ^ c1 ^ k0;
            c1 = (int) p1;
            c2 = (int) (p0 >>> 32) ^ c3 ^ k1;
            c3 = (int) p0;
            k0 += WEYL0;
            k1 += WEYL1;
        }
        words[0] = c0;
        words[1] = c1;
        words[2] = c2;
        words[3] = c3;
    }
}
