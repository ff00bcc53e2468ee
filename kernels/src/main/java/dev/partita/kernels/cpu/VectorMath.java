package dev.partita.kernels.cpu;

import static dev.partita.kernels.cpu.Floats.all;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/// Functions on vectors that the Vector API lacks or leaves to a library of the platform, which
/// would give other bits elsewhere.
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
    private static final float INVERSE_ROOT_TWO_PI = (float) (1 / Math.sqrt(2 * Math.PI));

    private VectorMath() {}

    /// `exp(x)` to 2 units in the last place (Cephes `expf`); clamped to `exp(-87.3)..exp(88.3)`.
    static FloatVector exp(FloatVector x) {
        FloatVector clamped = x.max(EXP_MIN).min(EXP_MAX);
        FloatVector rounded = clamped.fma(all(LOG2_E), all(ROUNDER));
        FloatVector n = rounded.sub(ROUNDER);
        FloatVector r = n.fma(all(-LN2_HIGH), clamped);
        r = n.fma(all(-LN2_LOW), r);
        FloatVector p = all(1.9875691500e-4);
        p = p.fma(r, all(1.3981999507e-3));
        p = p.fma(r, all(8.3334519073e-3));
        p = p.fma(r, all(4.1665795894e-2));
        p = p.fma(r, all(1.6666665459e-1));
        p = p.fma(r, all(5.0000001201e-1));
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
        FloatVector p = all(-2.72614225801306e-10);
        p = p.fma(s, all(2.77068142495902e-08));
        p = p.fma(s, all(-2.10102402082508e-06));
        p = p.fma(s, all(-5.69250639462346e-05));
        p = p.fma(s, all(-7.34990630326855e-04));
        p = p.fma(s, all(-2.95459980854025e-03));
        p = p.fma(s, all(-1.60960333262415e-02));
        FloatVector q = all(-1.45660718464996e-05);
        q = q.fma(s, all(-2.13374055278905e-04));
        q = q.fma(s, all(-1.68282697438203e-03));
        q = q.fma(s, all(-7.37332916720468e-03));
        q = q.fma(s, all(-1.42647390514189e-02));
        return z.mul(p).div(q).fma(all(0.5), all(0.5));
    }

    /// `tanh(x)` to 3 units in the last place (Cephes `tanhf`): a polynomial near 0, where the
    /// other form would cancel, and `1 - 2 / (exp(2x) + 1)` elsewhere.
    static FloatVector tanh(FloatVector x) {
        FloatVector s = x.mul(x);
        FloatVector p = all(-5.70498872745e-3);
        p = p.fma(s, all(2.06390887954e-2));
        p = p.fma(s, all(-5.37397155531e-2));
        p = p.fma(s, all(1.33314422036e-1));
        p = p.fma(s, all(-3.33332819422e-1));
        FloatVector near = p.mul(s).fma(x, x);
        FloatVector far = all(-2).div(exp(x.add(x)).add(1f)).add(1f);
        return far.blend(near, x.abs().compare(VectorOperators.LT, 0.625f));
    }

    /// `1 / (1 + exp(-x))`.
    static FloatVector sigmoid(FloatVector x) {
        return all(1).div(exp(x.neg()).add(1f));
    }

    /// The standard normal density.
    static FloatVector normalDensity(FloatVector x) {
        return exp(x.mul(x).mul(-0.5f)).mul(INVERSE_ROOT_TWO_PI);
    }
}
