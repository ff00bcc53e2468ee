package dev.partita.dsl.layer;

import dev.partita.dsl.graph.BatchNorm;
import dev.partita.dsl.graph.Elementwise;
import dev.partita.dsl.graph.Initializer;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.tensor.Dim;
import dev.partita.dsl.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/// Batch normalisation per channel (Ioffe and Szegedy 2015), with a trained `weight` (from 1) and
/// `bias` (from 0). Training normalises by mean and variance of the whole batch, however it is
/// sharded, or of each of its groups, and keeps their running averages as state; otherwise these
/// are used.
///
/// @param groups equal stretches of the batch with statistics of their own
public record BatchNormalization(String name, int groups) implements Layer {
    /// The dim that a batch's groups are.
    public static final String GROUP = "batch-group";

    private static final double EPSILON = 1e-5;

    /// How much of a running average each step replaces.
    private static final double MOMENTUM = 0.1;

    public BatchNormalization {
        Arguments.name("layer", name);
        Arguments.atLeast(1, name, "groups", groups);
    }

    /// Normalises each of `newGroups` equal stretches of the batch by its own statistics, as
    /// devices do that do not ask each other: over as many devices, or any number that divides
    /// them, nothing is communicated, and on one device the result is the same. Micro-batches are
    /// stretches as well. Running averages are those of the groups' mean.
    public BatchNormalization local(int newGroups) {
        return new BatchNormalization(name, newGroups);
    }

    @Override
    public String kind() {
        return "batch-norm";
    }

    @Override
    public Value apply(Tracer trace, Value x) {
        Shape shape = x.type().shape();
        Dim along = shape.dims().getLast();
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
        long own = ownGroups(trace, shape.size(0));
        Value grouped = own == 1 ? x : trace.add(apart(shape, own), x);
        int outermost = own == 1 ? 0 : 1;
        List<Integer> others =
                IntStream.range(outermost, grouped.type().shape().rank() - 1).boxed().toList();
        long count = shape.elements() / along.size() / own;
        Value sum = trace.add(new Op.Sum(others), grouped);
        Value mean = trace.add(new Elementwise.Scale(1.0 / count), sum);
        Value squares = trace.add(new BatchNorm.Squares(), grouped, mean);
        Value variance = trace.add(new Elementwise.Scale(1.0 / count), squares);
        trace.nextState("running-mean", average(trace, runningMean, mean, 1));
        // the estimate of the population's variance, as PyTorch's
        double unbiased = (double) count / Math.max(1, count - 1);
        trace.nextState("running-variance", average(trace, runningVariance, variance, unbiased));
        Value y =
                trace.add(
                        new BatchNorm.Normalize(EPSILON, true),
                        grouped,
                        mean,
                        variance,
                        weight,
                        bias);
        return own == 1 ? y : trace.add(new Op.Flatten(0, 1, shape), y);
    }

    /// How many of the groups this micro-batch of `examples` has.
    private long ownGroups(Tracer trace, long examples) {
        if (trace.describing()) {
            return 1;
        }
        if (groups == 1 && trace.microBatches() > 1) {
            throw trace.problem(
                            ProblemCode.UNSUPPORTED,
                            "Batch norm of the whole batch needs it at once.")
                    .fact("micro-batches", trace.microBatches())
                    .fact("because", "a micro-batch knows its own examples only")
                    .fix(
                            "batchNorm(\"%s\").local(%d), by the statistics of each micro-batch; or one micro-batch, and recompute(...) to save memory"
                                    .formatted(name, trace.microBatches()))
                    .exception();
        }
        long own = groups / trace.microBatches();
        if (groups % trace.microBatches() != 0 || examples % own != 0) {
            List<Long> legal =
                    LongStream.rangeClosed(1, examples)
                            .filter(n -> examples % n == 0)
                            .map(n -> n * trace.microBatches())
                            .boxed()
                            .toList();
            throw trace.problem(
                            ProblemCode.INDIVISIBLE_DIM,
                            "The batch does not divide into so many groups with statistics of their own.")
                    .fact("groups", groups)
                    .fact("batch", examples * trace.microBatches())
                    .fact("micro-batches", trace.microBatches())
                    .fix("local(n) with n one of " + legal)
                    .exception();
        }
        return own;
    }

    /// The batch as groups of members.
    private static Op apart(Shape shape, long groups) {
        List<Dim> dims = new ArrayList<>(shape.dims());
        Dim batch = dims.removeFirst();
        dims.addFirst(new Dim("batch-member", batch.size() / groups));
        dims.addFirst(new Dim(GROUP, groups));
        return new Op.Unflatten(0, 1, new Shape(dims));
    }

    /// This micro-batch's summand of the next running average.
    private Value average(Tracer trace, Value running, Value now, double factor) {
        Value all = now.type().shape().rank() == 1 ? now : trace.add(new Op.Sum(List.of(0)), now);
        return trace.add(
                new Elementwise.Add(),
                trace.add(new Elementwise.Scale((1 - MOMENTUM) / trace.microBatches()), running),
                trace.add(new Elementwise.Scale(MOMENTUM * factor / groups), all));
    }
}
