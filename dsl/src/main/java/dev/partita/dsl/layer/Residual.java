package dev.partita.dsl.layer;

import dev.partita.dsl.graph.Elementwise;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.problem.ProblemCode;
import java.util.List;

/// `shortcut(x) + inner(x)` (He et al. 2016); both keep the shape of `x`, or change it alike. A
/// shortcut of no layers is `x` itself.
record Residual(Sequential inner, Sequential skip) implements Layer.Skipping {
    @Override
    public String kind() {
        return "residual";
    }

    @Override
    public Layer shortcut(Layer... layers) {
        return new Residual(inner, new Sequential(List.of(layers)));
    }

    @Override
    public Value apply(Tracer trace, Value x) {
        Value y = inner.apply(trace, x);
        Value skipped = skip.apply(trace, x);
        if (!skipped.type().shape().sameSizes(y.type().shape())) {
            throw trace.problem(
                            ProblemCode.SHAPE_MISMATCH,
                            "A residual's layers must keep the shape they are given.")
                    .fact("given", skipped.type())
                    .fact("result", y.type())
                    .fix(
                            "let its last layer give back "
                                    + skipped.type().shape()
                                    + ", or let a .shortcut(…) change the shape alike")
                    .exception();
        }
        return trace.add(new Elementwise.Add(), skipped, y);
    }
}
