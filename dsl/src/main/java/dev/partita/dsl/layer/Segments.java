package dev.partita.dsl.layer;

import dev.partita.dsl.graph.Elementwise;
import dev.partita.dsl.graph.Initializer;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.tensor.Dim;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.dsl.tensor.Shape;
import dev.partita.dsl.tensor.TensorType;

/// Adds a trained vector to each position according to the segment that it belongs to, the sentence
/// pairs of BERT (Devlin et al. 2019): `[batch, position, in]` stays so, with `weight[segment,
/// in]`, which starts normal with deviation 0.02. Which segment that is, from 0, is the input
/// `segments`, `i32[batch, position]`.
record Segments(String name, long count) implements Layer {
    private static final double DEVIATION = 0.02;

    public Segments {
        Arguments.name("layer", name);
        Arguments.atLeast(1, name, "number of segments", count);
    }

    @Override
    public String kind() {
        return "segments";
    }

    @Override
    public Value apply(Tracer trace, Value x) {
        Shape shape = trace.requireSequence(this, x);
        var ids = TensorType.of(Dtype.I32, shape.dim(0), shape.dim(1));
        Value segments = trace.microBatch(trace.examples(Tracer.SEGMENTS, ids));
        var segment = new Dim("segment", count);
        var initializer = new Initializer.Normal(DEVIATION);
        Value table = trace.parameter("weight", initializer, segment, shape.dim(2));
        return trace.add(new Elementwise.Add(), x, trace.add(new Op.Embedding(), table, segments));
    }
}
