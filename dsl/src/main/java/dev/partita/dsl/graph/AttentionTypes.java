package dev.partita.dsl.graph;

import dev.partita.dsl.graph.ResultTypes.Operands;
import dev.partita.dsl.tensor.Shape;
import dev.partita.dsl.tensor.TensorType;
import java.util.List;

/// The shape rules of [AttentionOp].
final class AttentionTypes {
    private AttentionTypes() {}

    static List<TensorType> of(AttentionOp op, Operands in) {
        return switch (op) {
            case AttentionOp.Attention _ -> {
                in.count(3);
                requireHeads(in);
                yield List.of(in.type(0), in.type(0).withShape(in.rows(0)));
            }
            case AttentionOp.AttentionGrad _ -> {
                in.count(6);
                requireHeads(in);
                in.require(
                        in.shape(3).sameSizes(in.shape(0)) && in.shape(5).sameSizes(in.shape(0)),
                        "its result and the gradient of that are as large as the queries");
                in.require(in.shape(4).sameSizes(in.rows(0)), "there is one log-sum per query");
                yield List.of(in.type(0), in.type(1), in.type(2));
            }
            case AttentionOp.Merge _ -> {
                in.count(4);
                in.require(
                        in.shape(0).sameSizes(in.shape(2)) && in.shape(1).sameSizes(in.shape(3)),
                        "both are as large");
                in.require(in.shape(1).sameSizes(in.rows(0)), "there is one log-sum per query");
                yield List.of(in.type(0), in.type(1));
            }
            case AttentionOp.Rotary _ -> {
                in.count(1);
                in.require(
                        in.shape(0).rank() >= 3 && in.last(0).size() % 2 == 0,
                        "it turns pairs of [batch, position, ..., size]");
                yield List.of(in.type(0));
            }
        };
    }

    private static void requireHeads(Operands in) {
        in.rank(0, 5).rank(1, 4);
        Shape q = in.shape(0);
        Shape k = in.shape(1);
        in.require(k.sameSizes(in.shape(2)), "keys and values are of one size");
        in.same(q.dim(0), k.dim(0));
        in.same(q.dim(2), k.dim(2));
        in.same(q.dim(4), k.dim(3));
    }
}
