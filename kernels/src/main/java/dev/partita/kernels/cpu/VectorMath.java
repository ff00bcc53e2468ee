package dev.partita.kernels.cpu;

import static dev.partita.kernels.cpu.Floats.SPECIES;
import static jdk.incubator.vector.FloatVector.broadcast;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/// Functions on vectors that the Vector API lacks or leaves to a library of the platform, which
/// would give other bits elsewhere.
final class VectorMath {
    static final float LOG2_E = (float) (1 / Math.log(2));
    static final float LN2_HIGH = 0x1.63p-1f;
    static final float LN2_LOW = (float) (Math.log(2) - LN2_HIGH);
    static final float EXP_MIN = -87.3f;
    static final float EXP_MAX = 88.3f;

    /// Adding it rounds to an integer, which is then in the low bits.
    static final float ROUNDER = 0x1.8p23f;

    private static final int MANTISSA_BITS = 23;
    private static final float ROOT_HALF = (float) Math.sqrt(0.5);
    private static final float INVERSE_ROOT_TWO_PI = (float) (1 / Math.sqrt(2 * Math.PI));

    private VectorMath() {}

    /// `exp(x)` to 2 units in the last place (Cephes `expf`); clamped to `exp(-87.3)..exp(88.3)`.
    static FloatVector exp(FloatVector x) {
        FloatVector clamped = x.max(EXP_MIN).min(EXP_MAX);
        FloatVector rounded = clamped.fma(broadcast(SPECIES, LOG2_E), broadcast(SPECIES, ROUNDER));
        FloatVector n = rounded.sub(ROUNDER);
        FloatVector r = n.fma(broadcast(SPECIES, -LN2_HIGH), clamped);
        r = n.fma(broadcast(SPECIES, -LN2_LOW), r);
        FloatVector p = broadcast(SPECIES, 1.9875691e-4f);
        p = p.fma(r, broadcast(SPECIES, 0.0013981999f));
        p = p.fma(r, broadcast(SPECIES, 0.008333452f));
        p = p.fma(r, broadcast(SPECIES, 0.041665796f));
        p = p.fma(r, broadcast(SPECIES, 0.16666666f));
        p = p.fma(r, broadcast(SPECIES, 0.5f));
        p = p.fma(r.mul(r), r.add(1f));
        return p.reinterpretAsInts()
                .add(rounded.reinterpretAsInts().lanewise(VectorOperators.LSHL, MANTISSA_BITS))
                .reinterpretAsFloats();
    }

    /// The standard normal distribution function, `(1 + erf(x / sqrt 2)) / 2`, with erf to 1e-6 by
    /// the rational approximation of Eigen.
    static FloatVector normal(FloatVector x) {
        FloatVector z = x.mul(ROOT_HALF).max(-4f).min(4f);
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
        return z.mul(p).div(q).fma(broadcast(SPECIES, 0.5f), broadcast(SPECIES, 0.5f));
    }

    /// `tanh(x)` to 3 units in the last place (Cephes `tanhf`): a polynomial near 0, where the
    /// other form would cancel, and `1 - 2 / (exp(2x) + 1)` elsewhere.
    static FloatVector tanh(FloatVector x) {
        FloatVector s = x.mul(x);
        FloatVector p = broadcast(SPECIES, -0.0057049887f);
        p = p.fma(s, broadcast(SPECIES, 0.020639088f));
        p = p.fma(s, broadcast(SPECIES, -0.053739715f));
        p = p.fma(s, broadcast(SPECIES, 0.13331442f));
        p = p.fma(s, broadcast(SPECIES, -0.3333328f));
        FloatVector near = p.mul(s).fma(x, x);
        FloatVector far = broadcast(SPECIES, -2).div(exp(x.add(x)).add(1f)).add(1f);
        return far.blend(near, x.abs().compare(VectorOperators.LT, 0.625f));
    }

    /// `1 / (1 + exp(-x))`.
    static FloatVector sigmoid(FloatVector x) {
        return broadcast(SPECIES, 1).div(exp(x.neg()).add(1f));
    }

    /// The standard normal density.
    static FloatVector normalDensity(FloatVector x) {
        return exp(x.mul(x).mul(-0.5f)).mul(INVERSE_ROOT_TWO_PI);
    }
}
