package dev.partita.dsl.layer;

import dev.partita.dsl.graph.Initializer;
import dev.partita.dsl.graph.RowOp;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.tensor.Dim;

/// Root-mean-square normalisation along the innermost dim (Zhang and Sennrich 2019), with a trained
/// `weight` (from 1).
record RmsNorm(String name) implements Layer {
    private static final double EPSILON = 1e-5;

    public RmsNorm {
        Arguments.name("layer", name);
    }

    @Override
    public String kind() {
        return "rms-norm";
    }

    @Override
    public Value apply(Tracer trace, Value x) {
        Dim along = x.type().shape().dims().getLast();
        Value weight = trace.parameter("weight", new Initializer.Fill(1), along);
        return trace.addAll(new RowOp.RmsNorm(EPSILON), x, weight).results().getFirst();
    }
}
