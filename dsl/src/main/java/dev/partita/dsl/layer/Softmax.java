package dev.partita.dsl.layer;

import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Value;

/// Softmax along the innermost dim. (Cross-entropy takes the numbers before it.)
record Softmax() implements Layer {
    @Override
    public String kind() {
        return "softmax";
    }

    @Override
    public Value apply(Tracer trace, Value x) {
        return trace.add(new Op.Softmax(), x);
    }
}
