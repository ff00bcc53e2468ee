package dev.partita.dsl.graph;

import dev.partita.dsl.graph.ResultTypes.Operands;
import dev.partita.dsl.tensor.TensorType;
import java.util.List;

/// The shape rules of [BatchNorm].
final class BatchNormTypes {
    private BatchNormTypes() {}

    static List<TensorType> of(BatchNorm op, Operands in) {
        int operands = in.types().size();
        in.require(operands > 1, "it takes an image or rows, and their mean");
        for (int i = 1; i < operands; i++) {
            boolean gradient = op.dyAt() == i;
            if (gradient) {
                in.require(in.shape(0).sameSizes(in.shape(i)), "its gradient fits its input");
            } else {
                in.bias(in.last(0), i);
            }
        }
        return switch (op) {
            case BatchNorm.Squares _ -> in.count(2, in.type(1));
            case BatchNorm.Normalize _ -> in.count(5, in.type(0));
            case BatchNorm.SumsGrad _ -> in.count(4, in.type(1), in.type(1));
            case BatchNorm.InputGrad _ -> in.count(7, in.type(0));
        };
    }
}
