package dev.partita.dsl.layer;

import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Value;

/// The output of a language model through the table of its embedding (Press and Wolf 2017): `[..,
/// in]` becomes `[.., vocab]`, each number the product with one token's vector. One weight with two
/// uses; its gradient is the sum of both.
record Tied(String embedding) implements Layer {
    @Override
    public String kind() {
        return "tied";
    }

    @Override
    public Value apply(Tracer trace, Value x) {
        Value table = trace.weightOf(embedding);
        String rows = "bcdefghij".substring(0, x.type().shape().rank() - 1);
        return trace.add(Op.Einsum.of(rows + "k,ok->" + rows + "o"), x, table);
    }
}
