package dev.partita.dsl.layer;

import dev.partita.dsl.graph.Value;
import java.util.List;

/// Layers one after the other, as one layer.
record Sequential(List<Layer> layers) implements Layer {
    public Sequential {
        layers = List.copyOf(layers);
    }

    @Override
    public String kind() {
        return "sequential";
    }

    @Override
    public boolean takesIds() {
        return true;
    }

    @Override
    public Value apply(Tracer trace, Value x) {
        Value y = x;
        for (Layer layer : layers) {
            y = trace.apply(layer, y);
        }
        return y;
    }
}
