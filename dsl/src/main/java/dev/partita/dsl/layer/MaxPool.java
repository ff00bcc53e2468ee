package dev.partita.dsl.layer;

import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.graph.Window;

/// The largest value of each window of an image, channel by channel.
record MaxPool(int size, int stride) implements Layer {
    public MaxPool {
        Arguments.atLeast(1, "maxPool", "size", size);
        Arguments.atLeast(1, "maxPool", "stride", stride);
    }

    @Override
    public String kind() {
        return "max-pool";
    }

    @Override
    public Value apply(Tracer trace, Value x) {
        trace.requireImage(this, x);
        return trace.addAll(new Op.MaxPool(Window.square(size, stride, 0)), x).results().getFirst();
    }
}
