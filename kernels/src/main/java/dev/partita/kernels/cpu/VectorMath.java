package dev.partita.kernels.cpu;

import static dev.partita.kernels.cpu.Floats.MEMORY;
import static dev.partita.kernels.cpu.Floats.ORDER;
import static dev.partita.kernels.cpu.Floats.SPECIES;
import static dev.partita.kernels.cpu.Floats.STEP;
import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static jdk.incubator.vector.FloatVector.zero;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/// Functions that the Vector API lacks or leaves to a library of the platform, which would give
/// other bits elsewhere. Each is a loop over whole vectors in memory, from `x` to `y`, which may be
/// the same: a vector that went through a method of ours would become an object wherever the JIT
/// does not inline that method.
final class VectorMath {
    private static final float LOG2_E = (float) (1 / Math.log(2));
    private static final float LN2_HIGH = 0x1.63p-1f;
    private static final float LN2_LOW = (float) (Math.log(2) - LN2_HIGH);
    private static final float EXP_MIN = -87.3f;
    private static final float EXP_MAX = 88.3f;

    /// Adding it rounds to an integer, which is then in the low bits.
    private static final float ROUNDER = 0x1.8p23f;

    private static final int MANTISSA_BITS = 23;
    private static final float ROOT_HALF = (float) Math.sqrt(0.5);

    private VectorMath() {}

    /// `y = exp(scale x + shift)` to 2 units in the last place (Cephes `expf`), clamped to
    /// `exp(-87.3)..exp(88.3)`.
    ///
    /// @return the sum of `y`
    static float exp(long x, long y, long bytes, float scale, float shift) {
        FloatVector sum = zero(SPECIES);
        for (long i = 0; i < bytes; i += STEP) {
            FloatVector power =
                    fromMemorySegment(SPECIES, MEMORY, x + i, ORDER)
                            .fma(broadcast(SPECIES, scale), broadcast(SPECIES, shift));
            // comparing is cheaper than max and min, and keeps NaN as they do
            power = power.blend(EXP_MIN, power.compare(VectorOperators.LT, EXP_MIN));
            power = power.blend(EXP_MAX, power.compare(VectorOperators.GT, EXP_MAX));
            FloatVector rounded =
                    power.fma(broadcast(SPECIES, LOG2_E), broadcast(SPECIES, ROUNDER));
            FloatVector n = rounded.sub(ROUNDER);
            FloatVector r = n.fma(broadcast(SPECIES, -LN2_HIGH), power);
            r = n.fma(broadcast(SPECIES, -LN2_LOW), r);
            FloatVector p = broadcast(SPECIES, 1.9875691e-4f);
            p = p.fma(r, broadcast(SPECIES, 1.3981999e-3f));
            p = p.fma(r, broadcast(SPECIES, 8.333452e-3f));
            p = p.fma(r, broadcast(SPECIES, 4.1665796e-2f));
            p = p.fma(r, broadcast(SPECIES, 1.6666666e-1f));
            p = p.fma(r, broadcast(SPECIES, 5e-1f));
            p = p.fma(r.mul(r), r.add(1f));
            IntVector exponent =
                    rounded.reinterpretAsInts().lanewise(VectorOperators.LSHL, MANTISSA_BITS);
            FloatVector e = p.reinterpretAsInts().add(exponent).reinterpretAsFloats();
            e.intoMemorySegment(MEMORY, y + i, ORDER);
            sum = e.add(sum);
        }
        return sum.reduceLanes(VectorOperators.ADD);
    }

    /// `y = (1 + erf(x / sqrt 2)) / 2`, the standard normal distribution function, with erf to 1e-6
    /// by the rational approximation of Eigen.
    static void normal(long x, long y, long bytes) {
        for (long i = 0; i < bytes; i += STEP) {
            FloatVector z = fromMemorySegment(SPECIES, MEMORY, x + i, ORDER).mul(ROOT_HALF);
            z = z.blend(-4f, z.compare(VectorOperators.LT, -4f));
            z = z.blend(4f, z.compare(VectorOperators.GT, 4f));
            FloatVector s = z.mul(z);
            FloatVector p = broadcast(SPECIES, -2.7261424e-10f);
            p = p.fma(s, broadcast(SPECIES, 2.7706815e-8f));
            p = p.fma(s, broadcast(SPECIES, -2.101024e-6f));
            p = p.fma(s, broadcast(SPECIES, -5.6925062e-5f));
            p = p.fma(s, broadcast(SPECIES, -7.3499064e-4f));
            p = p.fma(s, broadcast(SPECIES, -0.0029546f));
            p = p.fma(s, broadcast(SPECIES, -0.016096033f));
            FloatVector q = broadcast(SPECIES, -1.45660715e-5f);
            q = q.fma(s, broadcast(SPECIES, -2.1337405e-4f));
            q = q.fma(s, broadcast(SPECIES, -0.001682827f));
            q = q.fma(s, broadcast(SPECIES, -0.0073733293f));
            q = q.fma(s, broadcast(SPECIES, -0.014264739f));
            z.mul(p)
                    .div(q)
                    .fma(broadcast(SPECIES, 0.5f), broadcast(SPECIES, 0.5f))
                    .intoMemorySegment(MEMORY, y + i, ORDER);
        }
    }

    /// `y = normal(x) + x density(x)`, the slope of `x normal(x)`, to 4e-7. Less a half it is odd:
    /// `x` times a quotient of polynomials in its square, fitted to 1.1e-7 up to 5.6, beyond which
    /// the slope is 0 or 1.
    static void geluSlope(long x, long y, long bytes) {
        for (long i = 0; i < bytes; i += STEP) {
            FloatVector z = fromMemorySegment(SPECIES, MEMORY, x + i, ORDER);
            z = z.blend(-5.6f, z.compare(VectorOperators.LT, -5.6f));
            z = z.blend(5.6f, z.compare(VectorOperators.GT, 5.6f));
            FloatVector s = z.mul(z);
            FloatVector p = broadcast(SPECIES, 1.9216677e-7f);
            p = p.fma(s, broadcast(SPECIES, 3.589926e-5f));
            p = p.fma(s, broadcast(SPECIES, 1.9753043e-5f));
            p = p.fma(s, broadcast(SPECIES, 0.014226062f));
            p = p.fma(s, broadcast(SPECIES, -0.030975271f));
            p = p.fma(s, broadcast(SPECIES, 0.79788536f));
            FloatVector q = broadcast(SPECIES, 8.928153e-6f);
            q = q.fma(s, broadcast(SPECIES, 1.920523e-4f));
            q = q.fma(s, broadcast(SPECIES, 0.0035226406f));
            q = q.fma(s, broadcast(SPECIES, 0.04098377f));
            q = q.fma(s, broadcast(SPECIES, 0.2945197f));
            q = q.fma(s, broadcast(SPECIES, 1f));
            z.mul(p).div(q).add(0.5f).intoMemorySegment(MEMORY, y + i, ORDER);
        }
    }

    /// `y = 1 / (1 + exp(-x))`.
    static void sigmoid(long x, long y, long bytes) {
        exp(x, y, bytes, -1, 0);
        for (long i = 0; i < bytes; i += STEP) {
            broadcast(SPECIES, 1)
                    .div(fromMemorySegment(SPECIES, MEMORY, y + i, ORDER).add(1f))
                    .intoMemorySegment(MEMORY, y + i, ORDER);
        }
    }

    /// `y = tanh(x)` to 3 units in the last place (Cephes `tanhf`): a polynomial near 0, where the
    /// other form would cancel, and `1 - 2 / (exp(2x) + 1)` elsewhere.
    ///
    /// @param doubled scratch memory of `bytes`
    static void tanh(long x, long y, long bytes, long doubled) {
        exp(x, doubled, bytes, 2, 0);
        for (long i = 0; i < bytes; i += STEP) {
            FloatVector v = fromMemorySegment(SPECIES, MEMORY, x + i, ORDER);
            FloatVector s = v.mul(v);
            FloatVector p = broadcast(SPECIES, -0.0057049887f);
            p = p.fma(s, broadcast(SPECIES, 0.020639088f));
            p = p.fma(s, broadcast(SPECIES, -0.053739715f));
            p = p.fma(s, broadcast(SPECIES, 0.13331442f));
            p = p.fma(s, broadcast(SPECIES, -0.3333328f));
            FloatVector near = p.mul(s).fma(v, v);
            FloatVector e = fromMemorySegment(SPECIES, MEMORY, doubled + i, ORDER);
            FloatVector far = broadcast(SPECIES, -2).div(e.add(1f)).add(1f);
            far.blend(near, v.abs().compare(VectorOperators.LT, 0.625f))
                    .intoMemorySegment(MEMORY, y + i, ORDER);
        }
    }
}
