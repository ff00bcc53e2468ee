package dev.partita.dsl.layer;

import dev.partita.dsl.graph.Elementwise;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.tensor.Dim;
import java.util.Optional;
import java.util.OptionalDouble;

/// The two linear layers of a transformer's block with a function between: `[.., in]` stays so.
/// `<name>.up` leads to the dim `ffn`, `<name>.down` back; gated, `ffn` is the function of
/// `<name>.gate` times `<name>.up` (Shazeer 2020). Sharding `ffn` over an axis splits both, with
/// one sum at the end.
///
/// @param first how far first weights spread; PyTorch's default if empty
public record FeedForward(
        String name,
        long hidden,
        Elementwise.Unary function,
        boolean gated,
        boolean biased,
        Optional<Deviations> first)
        implements Layer.Biased {
    public FeedForward {
        Arguments.name("layer", name);
        Arguments.atLeast(1, name, "hidden size", hidden);
    }

    /// The same with normal first weights: of this deviation, and of another one in `down`. Biases
    /// are 0 at first.
    public FeedForward normal(double inside, double output) {
        var spread = new Deviations(inside, output);
        return new FeedForward(name, hidden, function, gated, biased, Optional.of(spread));
    }

    @Override
    public FeedForward withoutBias() {
        return new FeedForward(name, hidden, function, gated, false, first);
    }

    @Override
    public String kind() {
        return gated ? "gated-feed-forward" : "feed-forward";
    }

    @Override
    public Value apply(Tracer trace, Value x) {
        Dim in = x.type().shape().dims().getLast();
        OptionalDouble inside = first.map(Deviations::ofInside).orElseGet(OptionalDouble::empty);
        OptionalDouble output = first.map(Deviations::ofOutput).orElseGet(OptionalDouble::empty);
        var ffn = Projection.of(1, biased, inside, new Dim("ffn", hidden));
        Value up = trace.part("up", () -> ffn.apply(trace, x));
        Value active;
        if (gated) {
            Value gate = trace.part("gate", () -> ffn.apply(trace, x));
            active = trace.add(new Elementwise.Multiply(), trace.add(function, gate), up);
        } else {
            active = trace.add(function, up);
        }
        return trace.part("down", () -> Projection.of(1, biased, output, in).apply(trace, active));
    }
}
