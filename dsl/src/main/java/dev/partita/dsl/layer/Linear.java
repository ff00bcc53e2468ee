package dev.partita.dsl.layer;

import dev.partita.dsl.graph.Initializer;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.tensor.Dim;
import dev.partita.dsl.tensor.Shape;

/// `x W^T + b` along the innermost dim: `[.., in]` becomes `[.., out]`, with `weight[out, in]` and
/// `bias[out]`. Both start uniform within `1 / sqrt(in)`, PyTorch's default (Kaiming He et al.
/// 2015, with a = sqrt 5).
record Linear(String name, Dim out, boolean biased) implements Layer.Biased {
    public Linear {
        Arguments.name("layer", name);
        Arguments.name("dim", out.name());
    }

    @Override
    public Layer withoutBias() {
        return new Linear(name, out, false);
    }

    @Override
    public String kind() {
        return "linear";
    }

    @Override
    public Value apply(Tracer trace, Value x) {
        Shape shape = x.type().shape();
        if (shape.indexOf("height") >= 0 && shape.indexOf("width") >= 0) {
            throw trace.problem(
                            ProblemCode.SHAPE_MISMATCH, "A linear layer takes rows, not images.")
                    .fact("it follows", x.type())
                    .fix("put .then(flatten()) before it")
                    .exception();
        }
        Dim in = shape.dim(shape.rank() - 1);
        var initializer = new Initializer.Uniform(1 / Math.sqrt((double) in.size()));
        String rows = "bcdefghij".substring(0, shape.rank() - 1);
        Value weight = trace.parameter("weight", initializer, out, in);
        Value y = trace.add(Op.Einsum.of(rows + "k,ok->" + rows + "o"), x, weight);
        return biased
                ? trace.add(new Op.AddBias(), y, trace.parameter("bias", initializer, out))
                : y;
    }
}
