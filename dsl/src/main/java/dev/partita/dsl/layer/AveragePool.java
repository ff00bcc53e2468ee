package dev.partita.dsl.layer;

import dev.partita.dsl.graph.Elementwise;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.tensor.Shape;
import java.util.List;

/// The mean of each channel over the whole image: `[batch, height, width, c]` becomes `[batch, c]`.
record AveragePool() implements Layer {
    @Override
    public String kind() {
        return "average-pool";
    }

    @Override
    public Value apply(Tracer trace, Value x) {
        trace.requireImage(this, x);
        Shape shape = x.type().shape();
        Value sum = trace.add(new Op.Sum(List.of(1, 2)), x);
        double positions = (double) shape.size(1) * shape.size(2);
        return trace.add(new Elementwise.Scale(1 / positions), sum);
    }
}
