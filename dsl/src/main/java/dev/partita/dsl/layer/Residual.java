package dev.partita.dsl.layer;

import dev.partita.dsl.graph.Elementwise;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.problem.ProblemCode;

/// `x + inner(x)` (He et al. 2016); `inner` keeps the shape of `x`.
record Residual(Sequential inner) implements Layer {
    @Override
    public String kind() {
        return "residual";
    }

    @Override
    public Value apply(Tracer trace, Value x) {
        Value y = inner.apply(trace, x);
        if (!x.type().shape().sameSizes(y.type().shape())) {
            throw trace.problem(
                            ProblemCode.SHAPE_MISMATCH,
                            "A residual's layers must keep the shape they are given.")
                    .fact("given", x.type())
                    .fact("result", y.type())
                    .fix("let its last layer give back " + x.type().shape())
                    .exception();
        }
        return trace.add(new Elementwise.Add(), x, y);
    }
}
