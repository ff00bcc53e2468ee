package dev.partita.dsl.layer;

import dev.partita.dsl.graph.Initializer;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.tensor.Dim;

/// Layer normalisation along the innermost dim (Ba et al. 2016), with a trained `weight` (from 1)
/// and `bias` (from 0).
record LayerNorm(String name) implements Layer {
    private static final double EPSILON = 1e-5;

    public LayerNorm {
        Arguments.name("layer", name);
    }

    @Override
    public String kind() {
        return "layer-norm";
    }

    @Override
    public Value apply(Tracer trace, Value x) {
        Dim along = x.type().shape().dims().getLast();
        Value weight = trace.parameter("weight", new Initializer.Fill(1), along);
        Value bias = trace.parameter("bias", new Initializer.Fill(0), along);
        return trace.addAll(new Op.LayerNorm(EPSILON), x, weight, bias).results().getFirst();
    }
}
