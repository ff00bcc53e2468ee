package dev.partita.dsl.layer;

import dev.partita.dsl.graph.Epilogue;
import dev.partita.dsl.graph.Initializer;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.graph.Window;
import dev.partita.dsl.tensor.Dim;

/// A two-dimensional convolution: `[batch, height, width, in]` becomes `[batch, height', width',
/// <name>]`, with `weight[<name>, kernel-height, kernel-width, in]` and `bias[<name>]`. Both start
/// uniform within `1 / sqrt(in * kernel * kernel)`, PyTorch's default.
record Convolution(String name, long channels, int kernel, int stride, int padding, boolean biased)
        implements Layer.Biased {
    public Convolution {
        Arguments.name("layer", name);
        Arguments.atLeast(1, name, "channels", channels);
        Arguments.atLeast(1, name, "kernel", kernel);
        Arguments.atLeast(1, name, "stride", stride);
        Arguments.atLeast(0, name, "padding", padding);
    }

    @Override
    public Layer withoutBias() {
        return new Convolution(name, channels, kernel, stride, padding, false);
    }

    @Override
    public String kind() {
        return "conv2d";
    }

    @Override
    public Value apply(Tracer trace, Value x) {
        trace.requireImage(this, x);
        Dim in = x.type().shape().dim(3);
        var out = new Dim(name, channels);
        var initializer =
                new Initializer.Uniform(1 / Math.sqrt((double) in.size() * kernel * kernel));
        Value weight =
                trace.parameter(
                        "weight",
                        initializer,
                        out,
                        new Dim("kernel-height", kernel),
                        new Dim("kernel-width", kernel),
                        in);
        Value y =
                trace.add(
                        new Op.Conv2d(Window.square(kernel, stride, padding), Epilogue.NONE),
                        x,
                        weight);
        return biased
                ? trace.add(new Op.AddBias(), y, trace.parameter("bias", initializer, out))
                : y;
    }
}
