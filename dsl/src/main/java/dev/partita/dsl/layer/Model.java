package dev.partita.dsl.layer;

import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.problem.Origin;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.tensor.Dtype;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// A network: what it is fed, its layers in order and, to be trained, its loss. It never changes;
/// every word returns a new one.
///
/// ```java
/// var net = model("mlp", features("x", 784))
///         .then(linear("hidden", 512)).then(relu())
///         .then(linear("classes", 10))
///         .loss(crossEntropy());
/// ```
///
/// @param stages before which layers, counted from 0, a stage begins if the model is cut into such
public record Model(
        String name,
        Line<ModelInput> input,
        List<Line<Layer>> layers,
        Optional<Line<Loss>> loss,
        List<Integer> stages) {
    public Model {
        Arguments.name("model", name);
        layers = List.copyOf(layers);
        stages = List.copyOf(stages);
    }

    /// A model that does not say where stages begin.
    public Model(
            String name,
            Line<ModelInput> input,
            List<Line<Layer>> layers,
            Optional<Line<Loss>> loss) {
        this(name, input, layers, loss, List.of());
    }

    /// This model with one more layer at its end.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException at this line, if the layer does not fit or
    ///   its name is taken
    public Model then(Layer layer) {
        return longer(List.of(Line.here(layer)));
    }

    /// This model with these layers at its end, one after the other, such as all blocks of a
    /// transformer.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException at this line, if a layer does not fit or
    ///   its name is taken
    public Model then(List<? extends Layer> more) {
        Origin here = Origin.here();
        return longer(more.stream().map(layer -> new Line<Layer>(layer, here)).toList());
    }

    /// This model, of which a stage begins with the next layer if it is cut into `stages()`.
    public Model stage() {
        List<Integer> more = new ArrayList<>(stages);
        more.add(layers.size());
        return new Model(name, input, layers, loss, more);
    }

    /// The layers with which those stages begin, but the first.
    public List<String> stageBeginnings() {
        return Tracer.stageBeginnings(this);
    }

    private Model longer(List<Line<Layer>> more) {
        var longer =
                new Model(
                        name,
                        input,
                        Stream.concat(layers.stream(), more.stream()).toList(),
                        loss,
                        stages);
        Tracer.layers(longer);
        return longer;
    }

    /// This model with a loss, instead of the one it may have.
    public Model loss(Loss newLoss) {
        return new Model(name, input, layers, Optional.of(Line.here(newLoss)), stages);
    }

    /// The model as a graph over a batch of this many examples, of all devices together.
    ///
    /// For training its outputs are `loss` (a scalar, the mean over the batch) and `prediction`,
    /// and it reads the input `labels` or `targets` besides the examples; otherwise the output is
    /// `prediction` and dropout is absent.
    ///
    /// @param dtype the type of weights and activations
    /// @throws dev.partita.dsl.problem.ProblemException `IncompleteModel` without layers, or for
    ///   training without a loss
    public Graph trace(long batch, Dtype dtype, boolean training) {
        return trace(batch, 1, dtype, training);
    }

    /// The model as a graph over the first of equal micro-batches of this batch; its loss is that
    /// micro-batch's summand of the loss of the whole batch. Examples and labels are inputs
    /// `[micro-batch, batch, ...]`.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException as [#trace(long, Dtype, boolean)], and
    ///   `IndivisibleDim` if the micro-batches do not divide the batch
    public Graph trace(long batch, long microBatches, Dtype dtype, boolean training) {
        Arguments.atLeast(1, "model " + name, "batch", batch);
        Arguments.divides("micro-batches", microBatches, "batch", batch);
        if (!dtype.isFloating()) {
            throw Problem.of(ProblemCode.DTYPE_MISMATCH, "A model computes with floating numbers.")
                    .fact("dtype", dtype)
                    .fix("f32, f64, bf16 or f16")
                    .exception();
        }
        if (layers.isEmpty()) {
            throw Problem.of(ProblemCode.INCOMPLETE_MODEL, "Model " + name + " has no layers.")
                    .fix("add one: .then(linear(\"classes\", 10))")
                    .at(input.origin())
                    .exception();
        }
        return Tracer.trace(this, batch, microBatches, dtype, training);
    }

    /// Number of trained weights, counted one by one.
    public long parameters() {
        return Tracer.layers(this)
                .nodesOf(Op.Parameter.class)
                .mapToLong(n -> n.result().type().shape().elements())
                .sum();
    }

    /// Every layer with the type of its result for one example, its number of weights and its line.
    public String describe() {
        return ModelPrinter.print(this);
    }

    /// Writes [#describe] to standard output.
    public void print() {
        System.out.print(describe());
    }

    /// In one line of at most 80 characters.
    @Override
    public String toString() {
        return ModelPrinter.line(this);
    }
}
