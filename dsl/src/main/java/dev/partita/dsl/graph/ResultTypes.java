package dev.partita.dsl.graph;

import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.tensor.Dim;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.dsl.tensor.Shape;
import dev.partita.dsl.tensor.TensorType;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/// The types of an op's results from those of its operands; every shape rule of the language is
/// here or in the file of its family.
public final class ResultTypes {
    private ResultTypes() {}

    /// The result types of `op` in order.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `ShapeMismatch` or `DtypeMismatch`
    public static List<TensorType> of(Op op, List<TensorType> operands) {
        var in = new Operands(op, operands);
        return switch (op) {
            case Op.Leaf leaf -> in.count(0, leaf.type());
            case Elementwise e -> {
                in.require(operands.size() == e.arity(), "it takes " + e.arity() + " operands");
                in.require(
                        operands.stream().allMatch(t -> t.shape().sameSizes(in.shape(0))),
                        "its operands differ in size");
                in.require(
                        operands.stream().allMatch(t -> t.dtype() == in.dtype(0)),
                        "its operands differ in type");
                yield List.of(operands.getFirst());
            }
            case Op.Flatten f ->
                    in.reshaped(f.to(), f.first(), f.first() + 1, f.first(), f.last() + 1);
            case Op.Unflatten u ->
                    in.reshaped(u.to(), u.first(), u.last() + 1, u.first(), u.first() + 1);
            case Op.Broadcast b -> {
                in.count(1);
                in.require(b.dims().size() == in.shape(0).rank(), "it places every dim");
                for (int i = 0; i < b.dims().size(); i++) {
                    in.same(in.shape(0).dim(i), b.to().dim(b.dims().get(i)));
                }
                yield List.of(in.type(0).withShape(b.to()));
            }
            case Op.Border _ -> {
                in.count(1);
                yield in.types();
            }
            case Op.Cast(Dtype to) -> {
                in.count(1);
                in.require(
                        in.dtype(0).isFloating() && to.isFloating(), "it casts floating numbers");
                yield List.of(in.type(0).withDtype(to));
            }
            case Op.MicroBatch(int index) -> {
                in.count(1);
                in.require(
                        in.shape(0).rank() > 0 && index >= 0 && index < in.shape(0).size(0),
                        "there is a micro-batch " + index);
                yield List.of(in.type(0).withShape(in.shape(0).without(List.of(0))));
            }
            case Op.Sum sum -> {
                in.count(1);
                in.require(
                        sum.dims().stream().allMatch(d -> d >= 0 && d < in.shape(0).rank()),
                        "it sums over its dims");
                yield List.of(in.type(0).withShape(in.shape(0).without(sum.dims())));
            }
            case Op.SumSquares _ -> in.count(1, TensorType.scalar(in.dtype(0)));
            case Op.ScaleBy _ -> {
                in.count(2);
                in.rank(1, 0);
                in.require(in.dtype(0) == in.dtype(1), "its operands differ in type");
                yield List.of(in.type(0));
            }
            case Op.AddBias _ -> {
                in.count(2);
                in.innermost(in.shape(0), 1);
                yield List.of(in.type(0));
            }
            case Op.Einsum einsum -> List.of(einsum(in, einsum));
            case Op.Conv2d conv -> List.of(convolution(in, conv));
            case Op.Conv2dInputGrad grad -> {
                in.count(2);
                in.rank(0, 4).rank(1, 4);
                in.same(in.shape(0).dim(3), in.shape(1).dim(0));
                in.same(grad.to().dim(3), in.shape(1).dim(3));
                yield List.of(in.type(0).withShape(grad.to()));
            }
            case Op.Conv2dWeightGrad grad -> {
                in.count(2);
                in.rank(0, 4).rank(1, 4);
                in.same(in.shape(0).dim(0), in.shape(1).dim(0));
                in.same(in.shape(0).dim(3), grad.to().dim(0));
                in.same(in.shape(1).dim(3), grad.to().dim(3));
                TensorType weight = in.type(0).withShape(grad.to());
                yield grad.bias()
                        ? List.of(weight, in.type(0).withShape(Shape.of(grad.to().dim(0))))
                        : List.of(weight);
            }
            case Op.MaxPool pool -> {
                in.count(1);
                in.rank(0, 4);
                Window w = pool.window();
                TensorType out =
                        in.type(0)
                                .withShape(
                                        in.windowed(
                                                0, w, w.height(), w.width(), in.shape(0).dim(3)));
                yield List.of(out, out.withDtype(Dtype.U8));
            }
            case Op.MaxPoolGrad grad -> {
                in.count(2);
                in.require(
                        in.dtype(1) == Dtype.U8 && in.shape(0).sameSizes(in.shape(1)),
                        "positions fit the gradient");
                yield List.of(in.type(0).withShape(grad.to()));
            }
            case Op.Softmax _ -> {
                in.count(1);
                yield in.types();
            }
            case Op.SoftmaxGrad _ -> {
                in.count(2);
                in.require(in.shape(0).sameSizes(in.shape(1)), "its operands differ in size");
                yield List.of(in.type(0));
            }
            case Op.LayerNorm _ -> {
                in.count(3);
                in.bias(in.last(0), 1).bias(in.last(0), 2);
                TensorType row = in.type(0).withShape(in.rows(0));
                yield List.of(in.type(0), row, row);
            }
            case Op.LayerNormGrad _ -> {
                in.count(5);
                in.require(in.shape(0).sameSizes(in.shape(4)), "its gradient fits its input");
                yield List.of(in.type(0), in.type(1), in.type(1));
            }
            case BatchNorm norm -> BatchNormTypes.of(norm, in);
            case Op.Embedding _ -> {
                in.count(2);
                in.rank(0, 2).integers(1);
                var dims = new ArrayList<>(in.shape(1).dims());
                dims.add(in.shape(0).dim(1));
                yield List.of(in.type(0).withShape(Shape.distinct(dims)));
            }
            case Op.EmbeddingGrad grad -> {
                in.count(2);
                in.integers(0);
                in.require(in.rows(1).sameSizes(in.shape(0)), "its gradient has one row per id");
                yield List.of(in.type(1).withShape(grad.to()));
            }
            case Op.Dropout _ -> {
                in.count(2);
                in.require(
                        in.type(1).equals(TensorType.scalar(Dtype.I64)),
                        "its second operand is the step, i64[]");
                yield List.of(in.type(0));
            }
            case Op.Ignoring(int _, Dtype dtype) -> {
                in.count(1);
                in.integers(0);
                in.require(dtype.isFloating(), "it counts in floating numbers");
                yield List.of(in.type(0), in.type(0).withDtype(dtype));
            }
            case Op.CrossEntropy _ -> {
                in.count(2);
                in.integers(1);
                in.require(
                        in.rows(0).sameSizes(in.shape(1)), "there is one label per row of logits");
                TensorType row = in.type(0).withShape(in.rows(0));
                yield List.of(row, row);
            }
            case Op.CrossEntropyGrad _ -> {
                in.count(4);
                in.integers(1);
                in.require(
                        in.rows(0).sameSizes(in.shape(2)) && in.rows(0).sameSizes(in.shape(3)),
                        "there is one gradient per row of logits");
                yield List.of(in.type(0));
            }
            case RowOp row -> RowTypes.of(row, in);
            case AttentionOp attention -> AttentionTypes.of(attention, in);
            case RoutingOp routing -> RoutingTypes.of(routing, in);
            case Op.RequireFinite _ -> {
                in.require(
                        operands.size() == 1 || operands.size() == 3,
                        "it takes a scalar, and perhaps a loss scale and its good steps");
                for (int i = 0; i < operands.size(); i++) {
                    in.rank(i, 0);
                }
                yield List.of();
            }
            case Update.LossScaleStep _ -> {
                in.count(2);
                in.rank(0, 0).rank(1, 0);
                yield operands;
            }
            case Update.Store _ -> {
                in.count(2);
                in.require(in.type(0).equals(in.type(1)), "the new value has the old one's type");
                yield List.of(in.type(0));
            }
            case Update.Together together -> {
                in.count(together.count() * together.step().arity());
                yield IntStream.range(0, together.count())
                        .boxed()
                        .flatMap(i -> of(together.step(), together.of(i, operands)).stream())
                        .toList();
            }
            case Update.Descent update -> {
                in.require(
                        operands.size() >= 3 && in.shape(0).sameSizes(in.shape(1)),
                        "the gradient fits the weight");
                in.require(
                        in.dtype(1).isFloating() && in.dtype(1).bytes() <= in.dtype(0).bytes(),
                        "the gradient has the weight's type or a narrower one");
                yield update.inPlace().stream().map(operands::get).toList();
            }
            case Wide wide -> wide.types(operands);
            case Reshard reshard -> ReshardTypes.of(reshard, in);
        };
    }

    private static TensorType einsum(Operands in, Op.Einsum op) {
        EinsumSpec spec = op.spec();
        in.count(op.epilogue().hasBias() ? 3 : 2);
        in.rank(0, spec.left().length()).rank(1, spec.right().length());
        in.require(in.dtype(0) == in.dtype(1), "its operands differ in type");
        for (int i = 0; i < spec.left().length(); i++) {
            int j = spec.right().indexOf(spec.left().charAt(i));
            if (j >= 0) {
                in.same(in.shape(0).dim(i), in.shape(1).dim(j));
            }
        }
        var dims = new ArrayList<Dim>();
        for (char letter : spec.result().toCharArray()) {
            int i = spec.left().indexOf(letter);
            dims.add(i >= 0 ? in.shape(0).dim(i) : in.shape(1).dim(spec.right().indexOf(letter)));
        }
        TensorType result = in.type(0).withShape(Shape.distinct(dims));
        if (op.epilogue().hasBias()) {
            in.innermost(result.shape(), 2);
        }
        return result;
    }

    private static TensorType convolution(Operands in, Op.Conv2d conv) {
        in.count(conv.epilogue().hasBias() ? 3 : 2);
        in.rank(0, 4).rank(1, 4);
        in.require(in.dtype(0) == in.dtype(1), "its operands differ in type");
        in.same(in.shape(0).dim(3), in.shape(1).dim(3));
        Dim out = in.shape(1).dim(0);
        if (conv.epilogue().hasBias()) {
            in.bias(out, 2);
        }
        Window w = conv.window();
        return in.type(0)
                .withShape(
                        in.windowed(
                                0, w, (int) in.shape(1).size(1), (int) in.shape(1).size(2), out));
    }

    /// The operands' types, and the checks that the rules above are written in.
    record Operands(Op op, List<TensorType> types) {
        TensorType type(int i) {
            return types.get(i);
        }

        Shape shape(int i) {
            return types.get(i).shape();
        }

        Dtype dtype(int i) {
            return types.get(i).dtype();
        }

        Dim last(int i) {
            return shape(i).dim(shape(i).rank() - 1);
        }

        /// The shape of operand `i` without its innermost dim.
        Shape rows(int i) {
            require(shape(i).rank() > 0, "it needs at least one dim");
            return shape(i).without(List.of(shape(i).rank() - 1));
        }

        List<TensorType> count(int n, TensorType... results) {
            require(types.size() == n, "it takes " + n + " operands");
            return List.of(results);
        }

        Operands rank(int i, int rank) {
            require(shape(i).rank() == rank, "operand " + i + " has " + rank + " dims");
            return this;
        }

        Operands integers(int i) {
            if (dtype(i) != Dtype.I32) {
                throw mismatch(ProblemCode.DTYPE_MISMATCH, "operand " + i + " is i32").exception();
            }
            return this;
        }

        Operands bias(Dim along, int i) {
            rank(i, 1);
            same(along, shape(i).dim(0));
            return this;
        }

        /// Operand `i` has the innermost dims of `shape`.
        Operands innermost(Shape shape, int i) {
            int outer = shape.rank() - shape(i).rank();
            require(
                    shape(i).rank() == 1 || (outer > 0 && shape(i).rank() > 1),
                    "operand " + i + " has some of the innermost dims of " + shape);
            require(outer >= 0, "there is a dim to add along");
            for (int d = 0; d < shape(i).rank(); d++) {
                same(shape.dim(outer + d), shape(i).dim(d));
            }
            return this;
        }

        void same(Dim a, Dim b) {
            require(a.size() == b.size(), a + " meets " + b);
        }

        Shape windowed(int i, Window w, int height, int width, Dim channels) {
            long h = w.positions(shape(i).size(1), height);
            long v = w.positions(shape(i).size(2), width);
            require(
                    h > 0 && v > 0,
                    "the window " + height + "x" + width + " is larger than the image");
            return new Shape(
                    List.of(
                            shape(i).dim(0),
                            shape(i).dim(1).withSize(h),
                            shape(i).dim(2).withSize(v),
                            channels));
        }

        /// Operand dims `[from, fromEnd)` become dims `[toStart, toEnd)` of `to`, with as many
        /// elements.
        List<TensorType> reshaped(Shape to, int toStart, int toEnd, int from, int fromEnd) {
            count(1);
            Shape shape = shape(0);
            boolean outside = shape.rank() - fromEnd == to.rank() - toEnd && from == toStart;
            for (int i = 0; outside && i < from; i++) {
                outside = shape.size(i) == to.size(i);
            }
            for (int i = 0; outside && i < shape.rank() - fromEnd; i++) {
                outside = shape.size(fromEnd + i) == to.size(toEnd + i);
            }
            require(outside && shape.elements() == to.elements(), "it becomes " + to);
            return List.of(type(0).withShape(to));
        }

        /// Every operand, of one element type, with the same dim longer or shorter.
        List<TensorType> resized(int dim, int times, int parts) {
            var resized = new ArrayList<TensorType>();
            for (int i = 0; i < types.size(); i++) {
                require(dtype(i) == dtype(0), "its operands differ in type");
                resized.add(resized(i, dim, times, parts));
            }
            return resized;
        }

        TensorType resized(int i, int dim, int times, int parts) {
            require(dim < shape(i).rank(), "it has dim " + dim);
            require(shape(i).size(dim) * times % parts == 0, "its dim divides over the group");
            Dim whole = shape(i).dim(dim);
            return type(i).withShape(
                            shape(i).with(dim, whole.withSize(whole.size() * times / parts)));
        }

        void require(boolean holds, String expected) {
            if (!holds) {
                throw mismatch(ProblemCode.SHAPE_MISMATCH, expected).exception();
            }
        }

        Problem mismatch(ProblemCode code, String expected) {
            Problem problem =
                    Problem.of(code, "The operands of " + op + " do not fit.")
                            .fact("expected", expected);
            for (int i = 0; i < types.size(); i++) {
                problem = problem.fact("operand " + i, types.get(i));
            }
            return problem.fix("change the layer's size, or the layer before it");
        }
    }
}
