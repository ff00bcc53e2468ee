package dev.partita.dsl.layer;

import dev.partita.dsl.graph.Initializer;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.tensor.Shape;

/// Adds a trained vector to each position: `[batch, position, in]` stays so, with `weight[position,
/// in]`, which starts normal with deviation 0.02 as GPT-2's (Radford et al. 2019).
record Positions(String name) implements Layer {
    private static final double DEVIATION = 0.02;

    public Positions {
        Arguments.name("layer", name);
    }

    @Override
    public String kind() {
        return "positions";
    }

    @Override
    public Value apply(Tracer trace, Value x) {
        Shape shape = trace.requireSequence(this, x);
        Value table =
                trace.parameter(
                        "weight", new Initializer.Normal(DEVIATION), shape.dim(1), shape.dim(2));
        return trace.add(new Op.AddBias(), x, table);
    }
}
