package dev.partita.dsl.graph;

import dev.partita.dsl.tensor.Dtype;
import dev.partita.dsl.tensor.Shape;
import dev.partita.dsl.tensor.TensorType;
import java.util.List;

/// What a node computes: attributes only, operands are the node's. Images are channels-last:
/// `[batch, height, width, channel]`.
///
/// Every consumer switches over these records without a default, so a new one fails to compile
/// wherever it matters.
public sealed interface Op
        permits Op.Leaf,
                Op.Shaped,
                Op.Cast,
                Op.Border,
                Op.MicroBatch,
                Op.ScaleBy,
                Op.Sum,
                Op.SumSquares,
                Op.AddBias,
                Op.Einsum,
                Op.Conv2d,
                Op.MaxPool,
                Op.Softmax,
                Op.SoftmaxGrad,
                Op.LayerNorm,
                Op.LayerNormGrad,
                Op.Embedding,
                Op.Dropout,
                Op.Ignoring,
                Op.CrossEntropy,
                Op.CrossEntropyGrad,
                Op.RequireFinite,
                RowOp,
                AttentionOp,
                RoutingOp,
                BatchNorm,
                Elementwise,
                Update,
                Wide,
                Reshard {
    // ---- leaves: values that come from outside the graph ----

    /// A value with no operands; the type is an attribute.
    sealed interface Leaf extends Op {
        TensorType type();
    }

    /// Fed for every step: examples, labels, and the scalars `learning-rate` (floating) and `step`
    /// (`i64`, from 1).
    record Input(String name, TensorType type) implements Leaf {
        @Override
        public String toString() {
            return "input \"" + name + "\"";
        }
    }

    /// A trained weight.
    record Parameter(String name, TensorType type, Initializer initializer) implements Leaf {
        @Override
        public String toString() {
            return "parameter \"" + name + "\"";
        }
    }

    /// Optimizer state, or a layer's, that lives from step to step, first filled with `initial`.
    record State(String name, TensorType type, double initial) implements Leaf {
        @Override
        public String toString() {
            return "state \"" + name + "\"";
        }
    }

    /// Every element `value`.
    record Constant(double value, TensorType type) implements Leaf {
        @Override
        public String toString() {
            return "constant " + value;
        }
    }

    // ---- shape ----

    /// An op with a result shape among its attributes.
    sealed interface Shaped extends Op
            permits Flatten,
                    Unflatten,
                    Broadcast,
                    Conv2dInputGrad,
                    Conv2dWeightGrad,
                    MaxPoolGrad,
                    EmbeddingGrad,
                    RowOp.LogSumExp,
                    RoutingOp.Dispatch,
                    RoutingOp.Combine {
        Shape to();

        /// The same op for another result shape.
        Op to(Shape shape);
    }

    /// Merges dims `first..last` into one dim, which is `to`'s dim `first`. Memory order is
    /// unchanged.
    record Flatten(int first, int last, Shape to) implements Shaped {
        @Override
        public Op to(Shape shape) {
            return new Flatten(first, last, shape);
        }

        @Override
        public String toString() {
            return "flatten " + first + ".." + last;
        }
    }

    /// Splits dim `first` into dims `first..last` of `to`. Memory order is unchanged.
    record Unflatten(int first, int last, Shape to) implements Shaped {
        @Override
        public Op to(Shape shape) {
            return new Unflatten(first, last, shape);
        }

        @Override
        public String toString() {
            return "unflatten " + first + ".." + last;
        }
    }

    /// Repeats: operand dim `i` becomes dim `dims[i]` of `to`, the other dims of `to` are new.
    record Broadcast(List<Integer> dims, Shape to) implements Shaped {
        public Broadcast {
            dims = List.copyOf(dims);
        }

        @Override
        public Op to(Shape shape) {
            return new Broadcast(dims, shape);
        }

        @Override
        public String toString() {
            return "broadcast " + dims;
        }
    }

    /// The same numbers in another floating type, each rounded to the nearest, ties to even.
    record Cast(Dtype to) implements Op {
        @Override
        public String toString() {
            return "cast " + to;
        }
    }

    /// The same value, for readers who want it to lie elsewhere: what it is placed at is all there
    /// is to it. Only a graph with placements has it, and no device computes it.
    record Border() implements Op {
        @Override
        public String toString() {
            return "border";
        }
    }

    /// Operand `[micro-batch, batch, ...]`; result `[batch, ...]`, its part `index`. Memory is
    /// unchanged: the result is a view.
    record MicroBatch(int index) implements Op {
        @Override
        public String toString() {
            return "micro-batch " + index;
        }
    }

    /// Sums over dims, which the result lacks.
    record Sum(List<Integer> dims) implements Op {
        public Sum {
            dims = List.copyOf(dims);
        }

        @Override
        public String toString() {
            return "sum " + dims;
        }
    }

    /// The sum of the squares of all elements, a scalar.
    record SumSquares() implements Op {
        @Override
        public String toString() {
            return "sum-squares";
        }
    }

    /// Operands `x, factor[]`: every element times the same number; may be done in place.
    record ScaleBy() implements Op {
        @Override
        public String toString() {
            return "scale-by";
        }
    }

    /// Operands `x, bias`: adds the bias along as many of the innermost dims as it has.
    record AddBias() implements Op {
        @Override
        public String toString() {
            return "add-bias";
        }
    }

    // ---- contractions ----

    /// Operands `left, right` and, with a biased epilogue, `bias`.
    record Einsum(EinsumSpec spec, Epilogue epilogue) implements Op {
        public static Einsum of(String spec) {
            return new Einsum(EinsumSpec.parse(spec), Epilogue.NONE);
        }

        @Override
        public String toString() {
            return "einsum " + spec + epilogue.suffix();
        }
    }

    /// Operands `x[batch, height, width, channel]`, `weight[out, kernel-height, kernel-width,
    /// channel]` and, with a biased epilogue, `bias[out]`.
    record Conv2d(Window window, Epilogue epilogue) implements Op {
        @Override
        public String toString() {
            return "conv2d " + window + epilogue.suffix();
        }
    }

    /// Operands `dy, weight`: the gradient of a convolution's image, of shape `to`.
    record Conv2dInputGrad(Window window, Shape to) implements Shaped {
        @Override
        public Op to(Shape shape) {
            return new Conv2dInputGrad(window, shape);
        }

        @Override
        public String toString() {
            return "conv2d-input-grad " + window;
        }
    }

    /// Operands `dy, x`: the gradient of a convolution's weight, of shape `to`; with `bias` a
    /// second result, the sum of `dy` over all dims but the last.
    record Conv2dWeightGrad(Window window, boolean bias, Shape to) implements Shaped {
        @Override
        public Op to(Shape shape) {
            return new Conv2dWeightGrad(window, bias, shape);
        }

        @Override
        public String toString() {
            return "conv2d-weight-grad " + window + (bias ? "+bias" : "");
        }
    }

    /// Results `y` and `u8` positions of the maxima inside their windows (row-major, first of
    /// equals).
    record MaxPool(Window window) implements Op {
        @Override
        public String toString() {
            return "max-pool " + window;
        }
    }

    /// Operands `dy, positions`: the gradient of a max-pool's image, of shape `to`.
    record MaxPoolGrad(Window window, Shape to) implements Shaped {
        @Override
        public Op to(Shape shape) {
            return new MaxPoolGrad(window, shape);
        }

        @Override
        public String toString() {
            return "max-pool-grad " + window;
        }
    }

    // ---- along the innermost dim ----

    /// Softmax along the innermost dim.
    record Softmax() implements Op {
        @Override
        public String toString() {
            return "softmax";
        }
    }

    /// Operands `y, dy`.
    record SoftmaxGrad() implements Op {
        @Override
        public String toString() {
            return "softmax-grad";
        }
    }

    /// Layer normalisation along the innermost dim (Ba et al. 2016). Operands `x, gain[d],
    /// shift[d]`; results `y`, and per row `mean` and `1 / sqrt(variance + epsilon)`.
    record LayerNorm(double epsilon) implements Op {
        @Override
        public String toString() {
            return "layer-norm";
        }
    }

    /// Operands `x, gain, mean, rstd, dy`; results `dx, dgain, dshift`.
    record LayerNormGrad() implements Op {
        @Override
        public String toString() {
            return "layer-norm-grad";
        }
    }

    // ---- lookup, randomness, loss ----

    /// Operands `table[rows, d]`, `ids i32[...]`; result `[..., d]`.
    record Embedding() implements Op {
        @Override
        public String toString() {
            return "embedding";
        }
    }

    /// Operands `ids, dy`: the gradient of an embedding's table, of shape `to`.
    record EmbeddingGrad(Shape to) implements Shaped {
        @Override
        public Op to(Shape shape) {
            return new EmbeddingGrad(shape);
        }

        @Override
        public String toString() {
            return "embedding-grad";
        }
    }

    /// Operands `x, step`: zeroes each element with probability `rate` and scales the others by `1
    /// / (1 - rate)`. The decision is Philox4x32-10 (Salmon et al. 2011) of `stream`, the step and
    /// the element's global position, counted from `first`: where in the whole batch a micro-batch
    /// begins. The gradient is the same op on `dy`.
    record Dropout(double rate, int stream, long first) implements Op {
        public Dropout(double rate, int stream) {
            this(rate, stream, 0);
        }

        @Override
        public String toString() {
            return "dropout " + rate + " stream " + stream + (first == 0 ? "" : " from " + first);
        }
    }

    /// Operand `labels i32[...]`; results the labels, 0 in place of `label`, and of type `dtype`
    /// whether each counts: 0 for `label`, 1 for others.
    record Ignoring(int label, Dtype dtype) implements Op {
        @Override
        public String toString() {
            return "ignoring " + label;
        }
    }

    /// Operands `logits[..., classes]`, `labels i32[...]`; results `-log softmax(logits)[label]`
    /// and the logarithm of the softmax's denominator, both of the labels' shape. The part
    /// `smoothing` of the target is spread over all classes alike (Szegedy et al. 2016, section 7).
    record CrossEntropy(double smoothing) implements Op {
        public CrossEntropy() {
            this(0);
        }

        @Override
        public String toString() {
            return "cross-entropy" + (smoothing == 0 ? "" : " smoothing " + smoothing);
        }
    }

    /// Operands `logits, labels, log-sum, dloss`; result the gradient of the logits.
    record CrossEntropyGrad(double smoothing) implements Op {
        public CrossEntropyGrad() {
            this(0);
        }

        @Override
        public String toString() {
            return "cross-entropy-grad" + (smoothing == 0 ? "" : " smoothing " + smoothing);
        }
    }

    /// Operand: a scalar. No result; the step ends here, before any weight changes, unless it is
    /// finite. With the operands `loss scale, good steps` behind it, the step is then run again
    /// with half the loss scale, until that would be less than 1.
    record RequireFinite(String what) implements Op {
        @Override
        public String toString() {
            return "require-finite " + what;
        }
    }
}
