package dev.partita.dsl.graph;

import dev.partita.dsl.graph.ResultTypes.Operands;
import dev.partita.dsl.tensor.Dim;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.dsl.tensor.Shape;
import dev.partita.dsl.tensor.TensorType;
import java.util.List;

/// The shape rules of [RoutingOp].
final class RoutingTypes {
    private RoutingTypes() {}

    static List<TensorType> of(RoutingOp op, Operands in) {
        return switch (op) {
            case RoutingOp.Route(int choices, long capacity) -> {
                in.count(1);
                in.rank(0, 3);
                Shape s = in.shape(0);
                in.require(
                        choices >= 1 && choices <= s.size(2),
                        "it chooses between 1 and all of its experts");
                in.require(
                        capacity >= 1 && capacity <= s.size(1),
                        "an expert has between 1 and as many slots as there are positions");
                Shape slots = Shape.of(s.dim(2), s.dim(0), new Dim("capacity", capacity));
                TensorType weights = in.type(0).withShape(slots);
                TensorType counts = in.type(0).withShape(Shape.of(s.dim(0), s.dim(2)));
                yield List.of(weights, weights.withDtype(Dtype.I32), counts, counts);
            }
            case RoutingOp.RouteGrad _ -> {
                in.count(3);
                in.rank(0, 3).integers(1);
                in.require(in.shape(1).sameSizes(in.shape(2)), "there is one gradient per slot");
                requireSlots(in, 1, in.shape(0).dim(0));
                in.same(in.shape(1).dim(0), in.shape(0).dim(2));
                yield List.of(in.type(0));
            }
            case RoutingOp.Dispatch(Shape to) -> {
                requireWeights(in);
                in.rank(0, 3);
                requireSlots(in, 1, in.shape(0).dim(0));
                in.require(isOfSlots(to, in, 1) && to.size(3) == in.shape(0).size(2), becomes(to));
                yield List.of(in.type(0).withShape(to));
            }
            case RoutingOp.Combine(Shape to) -> {
                requireWeights(in);
                in.rank(0, 4);
                requireSlots(in, 1, in.shape(0).dim(1));
                in.require(isOfSlots(in.shape(0), in, 1), "there is a row per slot");
                in.require(
                        to.rank() == 3
                                && to.size(0) == in.shape(0).size(1)
                                && to.size(2) == in.shape(0).size(3),
                        becomes(to));
                yield List.of(in.type(0).withShape(to));
            }
            case RoutingOp.SlotDot _ -> {
                in.count(3);
                in.rank(0, 4).rank(1, 3).integers(2);
                requireSlots(in, 2, in.shape(1).dim(0));
                in.require(isOfSlots(in.shape(0), in, 2), "there is a row per slot");
                in.same(in.shape(0).dim(3), in.shape(1).dim(2));
                in.require(in.dtype(0) == in.dtype(1), "its operands differ in type");
                yield List.of(in.type(0).withShape(in.shape(2)));
            }
        };
    }

    private static void requireWeights(Operands in) {
        in.require(
                in.types().size() == 2 || in.types().size() == 3,
                "it takes positions, and perhaps weights");
        in.integers(1);
        if (in.types().size() == 3) {
            in.require(in.shape(1).sameSizes(in.shape(2)), "there is one weight per slot");
            in.require(in.dtype(0) == in.dtype(2), "its operands differ in type");
        }
    }

    private static void requireSlots(Operands in, int positions, Dim batch) {
        in.rank(positions, 3);
        in.same(in.shape(positions).dim(1), batch);
    }

    /// True if a shape is that of the slots and one dim more.
    private static boolean isOfSlots(Shape shape, Operands in, int positions) {
        return shape.rank() == 4 && shape.without(List.of(3)).sameSizes(in.shape(positions));
    }

    private static String becomes(Shape to) {
        return "it becomes " + to;
    }
}
