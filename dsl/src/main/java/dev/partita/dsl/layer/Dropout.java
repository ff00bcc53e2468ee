package dev.partita.dsl.layer;

import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Value;

/// In training, zeroes each element with probability `rate` and scales the others by `1 / (1 -
/// rate)` (Srivastava et al. 2014); otherwise nothing.
record Dropout(double rate) implements Layer {
    public Dropout {
        Arguments.fraction("dropout", "rate", rate);
    }

    @Override
    public String kind() {
        return "dropout";
    }

    @Override
    public Value apply(Tracer trace, Value x) {
        return trace.training()
                ? trace.add(new Op.Dropout(rate, trace.randomStream()), x, trace.step())
                : x;
    }
}
