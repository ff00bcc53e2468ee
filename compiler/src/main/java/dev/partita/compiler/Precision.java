package dev.partita.compiler;

import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.tensor.Dtype;

/// The floating types of a training step (Micikevicius et al. 2018). Weights, optimizer state, loss
/// and gradient norm are `full`; what the policy (`plan.policy()`) allows computes in `compute`.
/// Gradients of weights are kept, and summed over micro-batches and devices, in `gradients`.
///
/// @param name as a person types it
/// @param full at least as precise as `compute`
/// @param compute the type of contractions and of what lies between them
/// @param scalesLoss whether backward starts from a loss scale, so that small gradients do not
///   vanish in a `compute` with few exponent bits
/// @param gradients `full`, or `compute`: half the memory and traffic of gradients, as ZeRO counts
///   them (Rajbhandari et al. 2020, section 3.1), for sums that are rounded each time
public record Precision(
        String name, Dtype full, Dtype compute, boolean scalesLoss, Dtype gradients) {
    /// Everything in `f32`.
    public static final Precision F32 = of(Dtype.F32);

    /// Everything in `f64`.
    public static final Precision F64 = of(Dtype.F64);

    /// `bf16` has the exponents of `f32`: no loss scale.
    public static final Precision BF16 = new Precision("bf16", Dtype.F32, Dtype.BF16, false);

    /// `f16` ends at 65,504 and at 6e-8: with a loss scale.
    public static final Precision F16 = new Precision("f16", Dtype.F32, Dtype.F16, true);

    /// Gradients of weights are `full`.
    public Precision(String name, Dtype full, Dtype compute, boolean scalesLoss) {
        this(name, full, compute, scalesLoss, full);
    }

    /// The same with gradients of weights kept and summed as they are computed.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `Unsupported` where the loss is scaled:
    ///   divided by the scale again, small gradients would vanish
    public Precision roundingGradients() {
        if (scalesLoss) {
            throw Problem.of(
                            ProblemCode.UNSUPPORTED,
                            "Scaled gradients are divided in the full type.")
                    .fact("precision", this)
                    .fix("precision(Precision.BF16.roundingGradients())")
                    .exception();
        }
        return new Precision(name + ", gradients too", full, compute, false, compute);
    }

    /// True if gradients of weights are kept in another type than weights.
    public boolean roundsGradients() {
        return gradients != full;
    }

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
