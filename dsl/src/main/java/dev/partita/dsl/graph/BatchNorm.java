package dev.partita.dsl.graph;

/// Batch normalisation (Ioffe and Szegedy 2015) per channel, the innermost dim: `(x - mean) /
/// sqrt(variance + epsilon) * gain + shift`.
///
/// The statistics are sums over all dims but the innermost, each an op of its own: where the batch
/// is sharded, such a sum is pending until the normalisation needs it whole. So statistics are
/// those of the whole batch under every placement.
public sealed interface BatchNorm extends Op {
    /// Which operand is the gradient of the result, of the shape of operand 0; all others have one
    /// element per channel. Negative if there is none.
    default int dyAt() {
        return switch (this) {
            case Squares _, Normalize _ -> -1;
            case SumsGrad _ -> 3;
            case InputGrad _ -> 4;
        };
    }

    /// Operands `x[.., c], mean[c]`; result `[c]`, per channel the sum of `(x - mean)^2`.
    record Squares() implements BatchNorm {
        @Override
        public String toString() {
            return "batch-norm-squares";
        }
    }

    /// Operands `x[.., c], mean[c], variance[c], gain[c], shift[c]`; result of the shape of `x`.
    ///
    /// @param ofBatch true if mean and variance are those of `x`, so that `x` has a gradient
    ///   through them; false if they are given
    record Normalize(double epsilon, boolean ofBatch) implements BatchNorm {
        @Override
        public String toString() {
            return "batch-norm" + (ofBatch ? "" : " given");
        }
    }

    /// Operands `x, mean, variance, dy`; results the gradients of gain and shift: per channel the
    /// sums of `dy` times the normal `x`, and of `dy`.
    record SumsGrad(double epsilon) implements BatchNorm {
        @Override
        public String toString() {
            return "batch-norm-sums-grad";
        }
    }

    /// Operands `x, mean, variance, gain, dy, dgain, dshift`; result the gradient of `x`, through
    /// mean and variance as well.
    ///
    /// @param count elements per channel in the whole batch
    record InputGrad(double epsilon, long count) implements BatchNorm {
        @Override
        public String toString() {
            return "batch-norm-input-grad of " + count;
        }
    }
}
