package dev.partita.dsl.graph;

import dev.partita.dsl.graph.ResultTypes.Operands;
import dev.partita.dsl.tensor.Shape;
import dev.partita.dsl.tensor.TensorType;
import java.util.List;

/// The shape rules of [RowOp].
final class RowTypes {
    private RowTypes() {}

    static List<TensorType> of(RowOp op, Operands in) {
        return switch (op) {
            case RowOp.RmsNorm _ -> {
                in.count(2);
                in.bias(in.last(0), 1);
                yield List.of(in.type(0), in.type(0).withShape(in.rows(0)));
            }
            case RowOp.RmsNormGrad _ -> {
                in.count(4);
                in.bias(in.last(0), 1);
                in.require(in.rows(0).sameSizes(in.shape(2)), "it has one scale per row");
                in.require(in.shape(0).sameSizes(in.shape(3)), "its gradient fits its input");
                yield List.of(in.type(0), in.type(1));
            }
            case RowOp.LogSumExp(Shape to) -> {
                in.count(1);
                Shape rows = in.rows(0);
                boolean stretches = to.rank() == in.shape(0).rank();
                Shape outer = stretches ? to.without(List.of(to.rank() - 1)) : to;
                in.require(outer.sameSizes(rows), "it becomes " + to);
                in.require(
                        !stretches || in.last(0).size() % to.size(to.rank() - 1) == 0,
                        "a row divides into the stretches of " + to);
                yield List.of(in.type(0).withShape(to));
            }
            case RowOp.PickLogit _ -> {
                in.count(2);
                in.integers(1);
                in.require(
                        in.rows(0).sameSizes(in.shape(1)), "there is one label per row of logits");
                yield List.of(in.type(0).withShape(in.rows(0)));
            }
        };
    }
}
