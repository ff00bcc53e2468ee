package dev.partita.dsl.graph;

import dev.partita.dsl.graph.ResultTypes.Operands;
import dev.partita.dsl.tensor.Dim;
import dev.partita.dsl.tensor.Shape;
import dev.partita.dsl.tensor.TensorType;
import java.util.ArrayList;
import java.util.List;

/// The shape rules of [BatchNorm].
final class BatchNormTypes {
    private BatchNormTypes() {}

    static List<TensorType> of(BatchNorm op, Operands in) {
        List<BatchNorm.Per> per = op.operands();
        in.require(in.types().size() == per.size(), "it takes " + per.size() + " operands");
        Shape statistics = statistics(in);
        for (int i = 1; i < per.size(); i++) {
            switch (per.get(i)) {
                case ELEMENT ->
                        in.require(
                                in.shape(0).sameSizes(in.shape(i)), "its gradient fits its input");
                case STATISTIC ->
                        in.require(
                                statistics.sameSizes(in.shape(i)),
                                "its statistics are one per channel, or per group and channel");
                case CHANNEL -> in.bias(in.last(0), i);
            }
        }
        return switch (op) {
            case BatchNorm.Squares _ -> List.of(in.type(1));
            case BatchNorm.SumsGrad _ -> List.of(in.type(1), in.type(1));
            case BatchNorm.Normalize _, BatchNorm.InputGrad _ -> List.of(in.type(0));
        };
    }

    /// As many of the outermost dims of `x` as the mean has beside its channels, and the channels.
    private static Shape statistics(Operands in) {
        int outermost = in.shape(1).rank() - 1;
        in.require(
                outermost >= 0 && outermost < in.shape(0).rank() - 1,
                "it takes an image or rows, and their mean");
        List<Dim> dims = new ArrayList<>(in.shape(0).dims().subList(0, outermost));
        dims.add(in.last(0));
        return new Shape(dims);
    }
}
