package dev.partita.dsl.layer;

import dev.partita.dsl.graph.Elementwise;
import dev.partita.dsl.graph.Value;

/// A function of each element by itself, such as relu or gelu.
record Activation(Elementwise.Unary function) implements Layer {
    @Override
    public String kind() {
        return function.toString();
    }

    @Override
    public Value apply(Tracer trace, Value x) {
        return trace.add(function, x);
    }
}
