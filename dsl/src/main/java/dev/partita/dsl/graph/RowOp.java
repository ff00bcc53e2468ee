package dev.partita.dsl.graph;

import dev.partita.dsl.tensor.Shape;

/// An op along the innermost dim: every row by itself.
public sealed interface RowOp extends Op {
    /// Root-mean-square normalisation (Zhang and Sennrich 2019). Operands `x, gain[d]`; results `y`
    /// and per row `1 / sqrt(mean of squares + epsilon)`.
    record RmsNorm(double epsilon) implements RowOp {
        @Override
        public String toString() {
            return "rms-norm";
        }
    }

    /// Operands `x, gain, scale, dy`; results `dx, dgain`.
    record RmsNormGrad() implements RowOp {
        @Override
        public String toString() {
            return "rms-norm-grad";
        }
    }

    /// `log(sum(exp(x)))` of each row, or of each of as many equal stretches of it as the innermost
    /// dim of `to` has; `to` without such a dim is for whole rows. What it makes of the stretches
    /// is what it makes of the row: so a row may be spread over devices, at any magnitude.
    record LogSumExp(Shape to) implements RowOp, Op.Shaped {
        @Override
        public Op to(Shape shape) {
            return new LogSumExp(shape);
        }

        @Override
        public String toString() {
            return "log-sum-exp";
        }
    }

    /// Operands `logits, labels`: of each row the logit of its label, or 0 where that lies in
    /// another block, so that the sum over the blocks of a row is the logit. With `smoothing`, that
    /// part of it is instead the mean of the row's logits.
    record PickLogit(double smoothing) implements RowOp {
        public PickLogit() {
            this(0);
        }

        @Override
        public String toString() {
            return "pick-logit" + (smoothing == 0 ? "" : " smoothing " + smoothing);
        }
    }
}
