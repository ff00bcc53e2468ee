package dev.partita.dsl.layer;

import dev.partita.dsl.graph.BatchNorm;
import dev.partita.dsl.graph.Elementwise;
import dev.partita.dsl.graph.Initializer;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.tensor.Dim;
import dev.partita.dsl.tensor.Shape;
import java.util.List;
import java.util.stream.IntStream;

/// Batch normalisation per channel (Ioffe and Szegedy 2015), with a trained `weight` (from 1) and
/// `bias` (from 0). Training normalises by mean and variance of the whole batch, however it is
/// sharded, and keeps their running averages as state; otherwise these are used.
record BatchNormalization(String name) implements Layer {
    private static final double EPSILON = 1e-5;

    /// How much of a running average each step replaces.
    private static final double MOMENTUM = 0.1;

    public BatchNormalization {
        Arguments.name("layer", name);
    }

    @Override
    public String kind() {
        return "batch-norm";
    }

    @Override
    public Value apply(Tracer trace, Value x) {
        Shape shape = x.type().shape();
        Dim along = shape.dims().getLast();
        long count = shape.elements() / along.size();
        Value weight = trace.parameter("weight", new Initializer.Fill(1), along);
        Value bias = trace.parameter("bias", new Initializer.Fill(0), along);
        Value runningMean = trace.state("running-mean", 0, along);
        Value runningVariance = trace.state("running-variance", 1, along);
        if (!trace.training()) {
            return trace.add(
                    new BatchNorm.Normalize(EPSILON, false),
                    x,
                    runningMean,
                    runningVariance,
                    weight,
                    bias);
        }
        List<Integer> others = IntStream.range(0, shape.rank() - 1).boxed().toList();
        Value sum = trace.add(new Op.Sum(others), x);
        Value mean = trace.add(new Elementwise.Scale(1.0 / count), sum);
        Value squares = trace.add(new BatchNorm.Squares(), x, mean);
        Value variance = trace.add(new Elementwise.Scale(1.0 / count), squares);
        trace.nextState("running-mean", average(trace, runningMean, mean, 1));
        // the estimate of the population's variance, as PyTorch's
        double unbiased = (double) count / Math.max(1, count - 1);
        trace.nextState("running-variance", average(trace, runningVariance, variance, unbiased));
        return trace.add(new BatchNorm.Normalize(EPSILON, true), x, mean, variance, weight, bias);
    }

    private static Value average(Tracer trace, Value running, Value now, double factor) {
        return trace.add(
                new Elementwise.Add(),
                trace.add(new Elementwise.Scale(1 - MOMENTUM), running),
                trace.add(new Elementwise.Scale(MOMENTUM * factor), now));
    }
}
