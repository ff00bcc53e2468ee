package dev.partita.dsl.layer;

import dev.partita.dsl.graph.Initializer;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.tensor.Dim;
import java.util.ArrayList;
import java.util.List;

/// A linear map of the innermost dims of a value to other dims, the current layer's `weight[out...,
/// in...]` and `bias[out...]`, both first uniform within `1 / sqrt(in)`, PyTorch's default.
///
/// @param contracted how many innermost dims it maps
record Projection(int contracted, boolean biased, List<Dim> out) {
    private static final String KEPT = "abcdefgh";
    private static final String IN = "ijklm";
    private static final String OUT = "opqrs";

    static Projection of(int contracted, boolean biased, Dim... out) {
        return new Projection(contracted, biased, List.of(out));
    }

    Value apply(Tracer trace, Value x) {
        List<Dim> dims = x.type().shape().dims();
        List<Dim> in = dims.subList(dims.size() - contracted, dims.size());
        String kept = KEPT.substring(0, dims.size() - contracted);
        String over = IN.substring(0, contracted);
        String to = OUT.substring(0, out.size());
        long inputs = in.stream().mapToLong(Dim::size).reduce(1, Math::multiplyExact);
        var initializer = new Initializer.Uniform(1 / Math.sqrt((double) inputs));
        var all = new ArrayList<>(out);
        all.addAll(in);
        Value weight = trace.parameter("weight", initializer, all.toArray(Dim[]::new));
        var spec = Op.Einsum.of(kept + over + "," + to + over + "->" + kept + to);
        Value y = trace.add(spec, x, weight);
        return biased
                ? trace.add(
                        new Op.AddBias(),
                        y,
                        trace.parameter("bias", initializer, out.toArray(Dim[]::new)))
                : y;
    }
}
