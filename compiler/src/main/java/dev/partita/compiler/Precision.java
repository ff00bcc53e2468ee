package dev.partita.compiler;

import dev.partita.dsl.tensor.Dtype;

/// The floating types of a training step (Micikevicius et al. 2018). Weights, optimizer state,
/// loss, gradient norm and weight gradients once they are complete are `full`; what the policy
/// (`plan.policy()`) allows computes in `compute`.
///
/// @param name as a person types it
/// @param full at least as precise as `compute`
/// @param compute the type of contractions and of what lies between them
/// @param scalesLoss whether backward starts from a loss scale, so that small gradients do not
///   vanish in a `compute` with few exponent bits
public record Precision(String name, Dtype full, Dtype compute, boolean scalesLoss) {
    /// Everything in `f32`.
    public static final Precision F32 = of(Dtype.F32);

    /// Everything in `f64`.
    public static final Precision F64 = of(Dtype.F64);

    /// `bf16` has the exponents of `f32`: no loss scale.
    public static final Precision BF16 = new Precision("bf16", Dtype.F32, Dtype.BF16, false);

    /// `f16` ends at 65,504 and at 6e-8: with a loss scale.
    public static final Precision F16 = new Precision("f16", Dtype.F32, Dtype.F16, true);

    private static Precision of(Dtype dtype) {
        return new Precision(dtype.toString(), dtype, dtype, false);
    }

    /// True if some ops compute in another type than others.
    public boolean isMixed() {
        return compute != full;
    }

    @Override
    public String toString() {
        return name;
    }
}
