package dev.partita.dsl.layer;

import dev.partita.dsl.graph.Elementwise;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.tensor.Dim;

/// The two linear layers of a transformer's block with a function between: `[.., in]` stays so.
/// `<name>.up` leads to the dim `ffn`, `<name>.down` back; gated, `ffn` is the function of
/// `<name>.gate` times `<name>.up` (Shazeer 2020). Sharding `ffn` over an axis splits both, with
/// one sum at the end.
record FeedForward(
        String name, long hidden, Elementwise.Unary function, boolean gated, boolean biased)
        implements Layer.Biased {
    FeedForward {
        Arguments.name("layer", name);
        Arguments.atLeast(1, name, "hidden size", hidden);
    }

    @Override
    public Layer withoutBias() {
        return new FeedForward(name, hidden, function, gated, false);
    }

    @Override
    public String kind() {
        return gated ? "gated-feed-forward" : "feed-forward";
    }

    @Override
    public Value apply(Tracer trace, Value x) {
        Dim in = x.type().shape().dims().getLast();
        var ffn = Projection.of(1, biased, new Dim("ffn", hidden));
        Value up = trace.part("up", () -> ffn.apply(trace, x));
        Value active;
        if (gated) {
            Value gate = trace.part("gate", () -> ffn.apply(trace, x));
            active = trace.add(new Elementwise.Multiply(), trace.add(function, gate), up);
        } else {
            active = trace.add(function, up);
        }
        return trace.part("down", () -> Projection.of(1, biased, in).apply(trace, active));
    }
}
