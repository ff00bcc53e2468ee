package dev.partita.dsl.layer;

import dev.partita.dsl.graph.Elementwise;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.problem.NearMiss;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.dsl.tensor.Shape;
import dev.partita.dsl.tensor.TensorType;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/// What training makes small: one number, by default the mean over everything in the whole batch.
///
/// A loss says over which dims it sums; over the others it is a mean. Each micro-batch adds its
/// summand of the whole batch's loss, divided by what counts in the whole batch: a mean of means
/// cannot be written, however the batch is split.
public sealed interface Loss {
    /// Adds the loss to the graph.
    ///
    /// @return a scalar
    Value apply(Tracer trace, Value prediction);

    /// The dims over which the loss is a sum.
    List<String> summed();

    /// This loss summed over these dims, not averaged.
    Loss summedOver(String... dims);

    /// `-log softmax(prediction)[label]`; the input `labels` is `i32`, of the prediction's shape
    /// without its innermost dim.
    ///
    /// @param ignored the label that does not count: not in the loss, not in the gradient, and not
    ///   in the number by which a mean is divided
    /// @param smoothing the part of a target that is spread over all classes
    record CrossEntropy(List<String> summed, OptionalInt ignored, double smoothing)
            implements Loss {
        public CrossEntropy {
            Arguments.fraction("crossEntropy", "label smoothing", smoothing);
            summed = List.copyOf(summed);
        }

        @Override
        public CrossEntropy summedOver(String... dims) {
            return new CrossEntropy(List.of(dims), ignored, smoothing);
        }

        /// Examples, or positions, with this label do not count, as `ignore_index` of PyTorch; a
        /// batch in which nothing counts has the loss 0. What is ignored may be decided anew for
        /// every batch: the mean is over what counts on all devices and in all micro-batches.
        public CrossEntropy ignoring(int label) {
            return new CrossEntropy(summed, OptionalInt.of(label), smoothing);
        }

        /// Takes this part of every target from its label and spreads it over all classes alike, as
        /// `label_smoothing` of PyTorch (Szegedy et al. 2016, section 7).
        public CrossEntropy labelSmoothing(double part) {
            return new CrossEntropy(summed, ignored, part);
        }

        @Override
        public Value apply(Tracer trace, Value prediction) {
            Shape shape = prediction.type().shape();
            Shape rows = shape.without(List.of(shape.rank() - 1));
            Value labels = trace.examples("labels", new TensorType(Dtype.I32, rows));
            if (ignored.isEmpty()) {
                return reduce(trace, each(trace, prediction, labels), summed);
            }
            Op ignoring = new Op.Ignoring(ignored.getAsInt(), prediction.type().dtype());
            Node counted = trace.addAll(ignoring, labels);
            Value weights = trace.microBatch(weights(trace, counted.results().get(1)));
            Value each = each(trace, prediction, counted.results().get(0));
            return sum(trace, trace.add(new Elementwise.Multiply(), each, weights));
        }

        private Value each(Tracer trace, Value prediction, Value labels) {
            Value own = trace.microBatch(labels);
            return trace.addAll(new Op.CrossEntropy(smoothing), prediction, own)
                    .results()
                    .getFirst();
        }

        /// What every label of the whole batch weighs, from whether it counts.
        private Value weights(Tracer trace, Value counts) {
            List<String> over = summedDims(trace, counts, summed);
            Shape shape = counts.type().shape();
            if (over.isEmpty()) {
                Value number = sum(trace, counts);
                Value weight = trace.add(new Elementwise.MeanWeight(), number);
                return trace.add(new Op.ScaleBy(), counts, weight);
            }
            if (shape.dims().stream()
                    .allMatch(d -> d.name().equals("micro-batch") || over.contains(d.name()))) {
                return counts;
            }
            throw trace.problem(
                            ProblemCode.INVALID_ARGUMENT,
                            "With labels that do not count, a mean is over all that do.")
                    .fact("labels", shape)
                    .fact("summed over", over)
                    .fix("sum over all of these dims, or over none")
                    .exception();
        }

        @Override
        public String toString() {
            return "cross-entropy"
                    + (smoothing == 0 ? "" : " smoothing " + smoothing)
                    + (ignored.isEmpty() ? "" : " ignoring " + ignored.getAsInt())
                    + print(summed);
        }
    }

    /// `(prediction - target)^2`; the input `targets` is of the prediction's type.
    record MeanSquared(List<String> summed) implements Loss {
        public MeanSquared {
            summed = List.copyOf(summed);
        }

        @Override
        public MeanSquared summedOver(String... dims) {
            return new MeanSquared(List.of(dims));
        }

        @Override
        public Value apply(Tracer trace, Value prediction) {
            Value targets = trace.microBatch(trace.examples("targets", prediction.type()));
            Value error = trace.add(new Elementwise.Subtract(), prediction, targets);
            return reduce(trace, trace.add(new Elementwise.Multiply(), error, error), summed);
        }

        @Override
        public String toString() {
            return "mean-squared" + print(summed);
        }
    }

    private static String print(List<String> summed) {
        return summed.isEmpty() ? "" : " summed over " + String.join(", ", summed);
    }

    /// This micro-batch's summand of the sum over dims `summed` and the mean over the others.
    private static Value reduce(Tracer trace, Value each, List<String> summed) {
        List<String> over = summedDims(trace, each, summed);
        long count =
                each.type().shape().dims().stream()
                        .filter(dim -> !over.contains(dim.name()))
                        .mapToLong(dim ->
                                dim.name().equals("batch")
                                        ? dim.size() * trace.microBatches()
                                        : dim.size())
                        .reduce(1, Math::multiplyExact);
        return trace.add(new Elementwise.Scale(1.0 / count), sum(trace, each));
    }

    private static Value sum(Tracer trace, Value each) {
        int rank = each.type().shape().rank();
        return trace.add(new Op.Sum(IntStream.range(0, rank).boxed().toList()), each);
    }

    /// `summed`, of which `each` must have all.
    private static List<String> summedDims(Tracer trace, Value each, List<String> summed) {
        for (String dim : summed) {
            if (each.type().shape().indexOf(dim) < 0) {
                List<String> known =
                        each.type().shape().dims().stream()
                                .map(d -> d.name())
                                .filter(name -> !name.equals("micro-batch"))
                                .toList();
                throw trace.problem(
                                ProblemCode.UNKNOWN_DIM,
                                "The loss has no dim \"" + dim + "\" to sum over.")
                        .fix(NearMiss.fix(dim, known, "dim"))
                        .exception();
            }
        }
        return summed;
    }
}
