package dev.partita.dsl.graph;

import dev.partita.dsl.graph.ResultTypes.Operands;
import dev.partita.dsl.tensor.Dim;
import dev.partita.dsl.tensor.TensorType;
import java.util.List;

/// The shape rules of [Reshard].
final class ReshardTypes {
    private ReshardTypes() {}

    static List<TensorType> of(Reshard op, Operands in) {
        return switch (op) {
            case Reshard.Relocate _ -> in.count(1, in.type(0));
            case Reshard.AllReduce _, Reshard.Reduce _, Reshard.Broadcast _, Reshard.Send _ -> {
                in.require(
                        in.types().stream().allMatch(t -> t.dtype() == in.dtype(0)),
                        "its operands differ in type");
                yield in.types();
            }
            case Reshard.AllGather gather -> in.resized(gather.cut().dim(), gather.size(), 1);
            case Reshard.Gather gather -> in.resized(gather.dim(), gather.size(), 1);
            case Reshard.ReduceScatter scatter ->
                    in.resized(scatter.cut().dim(), 1, scatter.size());
            case Reshard.Scatter scatter -> in.resized(scatter.dim(), 1, scatter.size());
            case Reshard.Rotate rotate -> in.resized(rotate.dim(), 1, 1);
            case Reshard.Slice slice ->
                    in.count(1, in.resized(0, slice.cut().dim(), 1, slice.size()));
            case Reshard.AllToAll all -> {
                in.count(1);
                int at = all.join().dim();
                TensorType split = in.resized(0, all.split().dim(), 1, all.size());
                in.require(at < split.shape().rank(), "it has dim " + at);
                Dim join = split.shape().dim(at);
                yield List.of(
                        split.withShape(
                                split.shape().with(at, join.withSize(join.size() * all.size()))));
            }
        };
    }
}
