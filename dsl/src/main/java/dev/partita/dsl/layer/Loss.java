package dev.partita.dsl.layer;

import dev.partita.dsl.graph.Elementwise;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.dsl.tensor.Shape;
import dev.partita.dsl.tensor.TensorType;
import java.util.List;
import java.util.stream.IntStream;

/// What training makes small: one number, the mean over the whole batch, however it is split.
public sealed interface Loss {
    /// Adds the loss to the graph.
    ///
    /// @return a scalar
    Value apply(Tracer trace, Value prediction);

    /// The mean of `-log softmax(prediction)[label]`; the input `labels` is `i32`, of the
    /// prediction's shape without its innermost dim.
    record CrossEntropy() implements Loss {
        @Override
        public Value apply(Tracer trace, Value prediction) {
            Shape shape = prediction.type().shape();
            Shape rows = shape.without(List.of(shape.rank() - 1));
            Value labels = trace.examples("labels", new TensorType(Dtype.I32, rows));
            Value own = trace.microBatch(labels);
            Value each = trace.addAll(new Op.CrossEntropy(), prediction, own).results().getFirst();
            return mean(trace, each);
        }

        @Override
        public String toString() {
            return "cross-entropy";
        }
    }

    /// The mean of `(prediction - target)^2`; the input `targets` is of the prediction's type.
    record MeanSquared() implements Loss {
        @Override
        public Value apply(Tracer trace, Value prediction) {
            Value targets = trace.microBatch(trace.examples("targets", prediction.type()));
            Value error = trace.add(new Elementwise.Subtract(), prediction, targets);
            return mean(trace, trace.add(new Elementwise.Multiply(), error, error));
        }

        @Override
        public String toString() {
            return "mean-squared";
        }
    }

    /// This micro-batch's summand of the mean over the whole batch.
    private static Value mean(Tracer trace, Value each) {
        Shape shape = each.type().shape();
        Value sum = trace.add(new Op.Sum(IntStream.range(0, shape.rank()).boxed().toList()), each);
        return trace.add(
                new Elementwise.Scale(1.0 / (shape.elements() * trace.microBatches())), sum);
    }
}
