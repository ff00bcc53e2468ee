package dev.partita.dsl.layer;

import dev.partita.dsl.graph.Initializer;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.tensor.Dim;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;

/// A linear map of the innermost dims of a value to other dims, the current layer's `weight[out...,
/// in...]` and `bias[out...]`.
///
/// @param contracted how many innermost dims it maps
/// @param deviation of normal first weights, with biases of 0; if empty both are first uniform
///   within `1 / sqrt(in)`, PyTorch's default
record Projection(int contracted, boolean biased, OptionalDouble deviation, List<Dim> out) {
    private static final String KEPT = "abcdefgh";
    private static final String IN = "ijklm";
    private static final String OUT = "opqrs";

    static Projection of(int contracted, boolean biased, OptionalDouble deviation, Dim... out) {
        return new Projection(contracted, biased, deviation, List.of(out));
    }

    Value apply(Tracer trace, Value x) {
        List<Dim> dims = x.type().shape().dims();
        List<Dim> in = dims.subList(dims.size() - contracted, dims.size());
        String kept = KEPT.substring(0, dims.size() - contracted);
        String over = IN.substring(0, contracted);
        String to = OUT.substring(0, out.size());
        long inputs = in.stream().mapToLong(Dim::size).reduce(1, Math::multiplyExact);
        var uniform = new Initializer.Uniform(1 / Math.sqrt((double) inputs));
        Initializer first =
                deviation.isPresent() ? new Initializer.Normal(deviation.getAsDouble()) : uniform;
        var all = new ArrayList<>(out);
        all.addAll(in);
        Value weight = trace.parameter("weight", first, all.toArray(Dim[]::new));
        var spec = Op.Einsum.of(kept + over + "," + to + over + "->" + kept + to);
        Value y = trace.add(spec, x, weight);
        if (!biased) {
            return y;
        }
        Initializer shift = deviation.isPresent() ? new Initializer.Fill(0) : uniform;
        return trace.add(
                new Op.AddBias(), y, trace.parameter("bias", shift, out.toArray(Dim[]::new)));
    }
}
