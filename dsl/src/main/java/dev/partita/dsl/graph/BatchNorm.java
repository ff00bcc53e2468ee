package dev.partita.dsl.graph;

import java.util.List;

/// Batch normalisation (Ioffe and Szegedy 2015) per channel, the innermost dim: `(x - mean) /
/// sqrt(variance + epsilon) * gain + shift`.
///
/// The statistics are sums over all dims but the innermost, each an op of its own: where the batch
/// is sharded, such a sum is pending until the normalisation needs it whole. So statistics are
/// those of the whole batch under every placement. Statistics of parts of a batch lead with the
/// outermost dims of `x`, which are not summed over: `mean[group, c]` of `x[group, member, .., c]`.
public sealed interface BatchNorm extends Op {
    /// What an operand has one number for.
    enum Per {
        /// Every element of `x`.
        ELEMENT,
        /// Every channel of every group: `[c]` where the batch is one group, else `[.., c]`.
        STATISTIC,
        /// Every channel: `[c]`.
        CHANNEL
    }

    /// What the operands are, in order.
    default List<Per> operands() {
        return switch (this) {
            case Squares _ -> List.of(Per.ELEMENT, Per.STATISTIC);
            case Normalize _ ->
                    List.of(Per.ELEMENT, Per.STATISTIC, Per.STATISTIC, Per.CHANNEL, Per.CHANNEL);
            case SumsGrad _ -> List.of(Per.ELEMENT, Per.STATISTIC, Per.STATISTIC, Per.ELEMENT);
            case InputGrad _ ->
                    List.of(
                            Per.ELEMENT,
                            Per.STATISTIC,
                            Per.STATISTIC,
                            Per.CHANNEL,
                            Per.ELEMENT,
                            Per.STATISTIC,
                            Per.STATISTIC);
        };
    }

    /// Operands `x[.., c], mean`; result of the shape of `mean`, the sum of `(x - mean)^2`.
    record Squares() implements BatchNorm {
        @Override
        public String toString() {
            return "batch-norm-squares";
        }
    }

    /// Operands `x[.., c], mean, variance, gain[c], shift[c]`; result of the shape of `x`.
    ///
    /// @param ofBatch true if mean and variance are those of `x`, so that `x` has a gradient
    ///   through them; false if they are given
    record Normalize(double epsilon, boolean ofBatch) implements BatchNorm {
        @Override
        public String toString() {
            return "batch-norm" + (ofBatch ? "" : " given");
        }
    }

    /// Operands `x, mean, variance, dy`; results of the shape of `mean`, which summed over groups
    /// are the gradients of gain and shift: the sums of `dy` times the normal `x`, and of `dy`.
    record SumsGrad(double epsilon) implements BatchNorm {
        @Override
        public String toString() {
            return "batch-norm-sums-grad";
        }
    }

    /// Operands `x, mean, variance, gain, dy`, and the two results of [SumsGrad]; result the
    /// gradient of `x`, through mean and variance as well.
    ///
    /// @param count elements per statistic in the whole batch
    record InputGrad(double epsilon, long count) implements BatchNorm {
        @Override
        public String toString() {
            return "batch-norm-input-grad of " + count;
        }
    }
}
