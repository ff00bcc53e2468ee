package dev.partita.dsl.layer;

import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.tensor.Dim;
import dev.partita.dsl.tensor.Shape;

/// Joins all dims but the batch into one, `flat`. A tensor of one such dim stays as it is.
record Flatten() implements Layer {
    @Override
    public String kind() {
        return "flatten";
    }

    @Override
    public Value apply(Tracer trace, Value x) {
        Shape shape = x.type().shape();
        if (shape.rank() <= 2) {
            return x;
        }
        Dim batch = shape.dim(0);
        Shape flat = Shape.of(batch, new Dim("flat", shape.elements() / batch.size()));
        return trace.add(new Op.Flatten(1, shape.rank() - 1, flat), x);
    }
}
