package dev.partita.dsl.layer;

import dev.partita.dsl.graph.Elementwise;
import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.graph.GraphBuilder;
import dev.partita.dsl.graph.Initializer;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.problem.NearMiss;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.tensor.Dim;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.dsl.tensor.Shape;
import dev.partita.dsl.tensor.TensorType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Writes a model down as a graph, layer by layer. Each layer receives it and says what it
/// computes.
public final class Tracer {
    /// The input that says of every token in which segment it is.
    static final String SEGMENTS = "segments";

    private final GraphBuilder graph;
    private final ModelInput input;
    private final Dtype dtype;
    private final boolean training;
    private final long microBatches;
    private boolean describing;
    private final Set<String> names = new HashSet<>();
    private final Map<String, Integer> unnamed = new HashMap<>();
    private final List<Value> losses = new ArrayList<>();

    /// How many nodes there were before each layer of the model.
    private final List<Integer> begins = new ArrayList<>();

    private int streams;
    private @Nullable Value step;

    private Tracer(Model model, long microBatches, Dtype dtype, boolean training) {
        this.graph = new GraphBuilder(model.name());
        this.input = model.input().word();
        this.dtype = dtype;
        this.training = training;
        this.microBatches = microBatches;
    }

    /// The graph of a batch; see [Model#trace].
    static Graph trace(Model model, long batch, long microBatches, Dtype dtype, boolean training) {
        var tracer = new Tracer(model, microBatches, dtype, training);
        Value prediction = tracer.prediction(model, batch / microBatches);
        if (training) {
            Line<Loss> loss =
                    model.loss()
                            .orElseThrow(() ->
                                    Problem.of(
                                                    ProblemCode.INCOMPLETE_MODEL,
                                                    "Model "
                                                            + model.name()
                                                            + " has no loss to train by.")
                                            .fix(
                                                    "end it with .loss(crossEntropy()) or .loss(meanSquared())")
                                            .at(model.input().origin())
                                            .exception());
            tracer.graph.at("loss", loss.origin());
            tracer.graph.output("loss", tracer.total(loss.word().apply(tracer, prediction)));
        }
        return tracer.graph.output("prediction", prediction).build();
    }

    /// The loss and what layers added to it.
    private Value total(Value loss) {
        Optional<Value> added = losses.stream().reduce(this::sum);
        added.ifPresent(value -> graph.output(Graph.AUXILIARY_LOSS, value));
        return added.map(value -> sum(loss, value)).orElse(loss);
    }

    private Value sum(Value a, Value b) {
        return add(new Elementwise.Add(), a, b);
    }

    /// The graph without a loss, as it is trained: what [Model#describe] shows.
    static Graph layers(Model model) {
        var tracer = new Tracer(model, 1, Dtype.F32, true);
        tracer.describing = true;
        return tracer.graph.output("prediction", tracer.prediction(model, 1)).build();
    }

    /// For each stage of the model the layer of the first node that computes something.
    static List<String> stageBeginnings(Model model) {
        if (model.stages().isEmpty()) {
            return List.of();
        }
        var tracer = new Tracer(model, 1, Dtype.F32, true);
        tracer.describing = true;
        tracer.prediction(model, 1);
        List<Node> nodes = tracer.graph.nodes();
        return model.stages().stream()
                .filter(layer -> layer < tracer.begins.size())
                .map(tracer.begins::get)
                .flatMap(begin ->
                        nodes.stream()
                                .skip(begin)
                                .filter(node -> !(node.op() instanceof Op.Leaf))
                                .map(Node::layer)
                                .findFirst()
                                .stream())
                .toList();
    }

    private Value prediction(Model model, long batch) {
        graph.at("", model.input().origin());
        Value x = microBatch(examples(input.name(), input.type(batch, dtype)));
        for (Line<Layer> line : model.layers()) {
            graph.at("", line.origin());
            begins.add(graph.nodes().size());
            x = apply(line.word(), x);
        }
        return x;
    }

    /// Adds a layer inside another one.
    ///
    /// @return its result
    public Value apply(Layer inner, Value x) {
        String outer = graph.layer();
        graph.at(nameOf(inner), graph.origin());
        if (!x.type().dtype().isFloating() && !inner.takesIds()) {
            throw problem(
                            ProblemCode.DTYPE_MISMATCH,
                            "A " + inner.kind() + " layer takes numbers, not token ids.")
                    .fact("it follows", x.type())
                    .fix("put .then(embedding(\"model\", 64)) before it")
                    .exception();
        }
        Value y = inner.apply(this, x);
        graph.at(outer, graph.origin());
        return y;
    }

    private String nameOf(Layer layer) {
        String name =
                layer.name().isEmpty()
                        ? layer.kind() + unnamed.merge(layer.kind(), 1, Integer::sum)
                        : layer.name();
        if (!names.add(name)) {
            throw Problem.of(
                            ProblemCode.DUPLICATE_NAME,
                            "The model has two layers of the same name.")
                    .fact("layer", name)
                    .fix("name one of them differently, for example \"" + name + "-2\"")
                    .at(graph.origin())
                    .exception();
        }
        return name;
    }

    /// Writes down a part of the current layer, which is a layer of its own by the name
    /// `<layer>.<part>`.
    ///
    /// @return its result
    public Value part(String part, Supplier<Value> body) {
        String outer = graph.layer();
        graph.at(outer + "." + part, graph.origin());
        Value y = body.get();
        graph.at(outer, graph.origin());
        return y;
    }

    /// Appends a node with one result.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `ShapeMismatch` or `DtypeMismatch` at the
    ///   layer's line
    public Value add(Op op, Value... operands) {
        return graph.add(op, operands);
    }

    /// Appends a node with any number of results.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `ShapeMismatch` or `DtypeMismatch` at the
    ///   layer's line
    public Node addAll(Op op, Value... operands) {
        return graph.addAll(op, List.of(operands));
    }

    /// A trained weight of the current layer, named `<layer>.<role>`. A dim name that repeats gets
    /// a prime.
    public Value parameter(String role, Initializer initializer, Dim... dims) {
        var type = new TensorType(dtype, Shape.distinct(List.of(dims)));
        return add(new Op.Parameter(graph.layer() + "." + role, type, initializer));
    }

    /// The weight of an earlier layer, for another use.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `UnknownLayer`, with the near miss
    Value weightOf(String layer) {
        String weight = layer + ".weight";
        List<String> known = new ArrayList<>();
        for (Node node : graph.nodes()) {
            if (node.op() instanceof Op.Parameter parameter) {
                if (parameter.name().equals(weight)) {
                    return node.result();
                }
                known.add(node.layer());
            }
        }
        throw problem(ProblemCode.UNKNOWN_LAYER, "No earlier layer of this name has a weight.")
                .fact("asked for", layer)
                .fix(NearMiss.fix(layer, known, "layer"))
                .exception();
    }

    /// A state of the current layer, named `<layer>.<role>`, that lives from step to step but is
    /// not trained; first every element is `initial`.
    public Value state(String role, double initial, Dim... dims) {
        var type = new TensorType(dtype, Shape.distinct(List.of(dims)));
        return add(new Op.State(graph.layer() + "." + role, type, initial));
    }

    /// Lets a state of the current layer be the sum of what its micro-batches say here, from the
    /// next training step on. A step that changes no weight changes no state.
    ///
    /// @param summand this micro-batch's part of that sum
    public void nextState(String role, Value summand) {
        graph.output(Graph.NEXT_STATE + graph.layer() + "." + role, summand);
    }

    /// Adds a summand to the loss that is trained.
    ///
    /// @param summand a scalar, this micro-batch's part of a mean over the whole batch
    public void addLoss(Value summand) {
        losses.add(summand);
    }

    /// Lets a training step also return a value of the current layer, as the output
    /// `<metric><layer>`.
    ///
    /// @param summand this micro-batch's part of a sum over the whole batch
    public void metric(String metric, Value summand) {
        graph.output(metric + graph.layer(), summand);
    }

    /// An input with an entry per example of the whole batch.
    ///
    /// @param type type of one micro-batch, `[batch, ...]`
    /// @return of that type, or with several micro-batches `[micro-batch, batch, ...]`
    public Value examples(String name, TensorType type) {
        if (microBatches == 1) {
            return add(new Op.Input(name, type));
        }
        List<Dim> dims = new ArrayList<>(type.shape().dims());
        dims.addFirst(new Dim("micro-batch", microBatches));
        return add(new Op.Input(name, type.withShape(new Shape(dims))));
    }

    /// The part of [#examples] that this graph computes with: the first, for all others are alike.
    public Value microBatch(Value examples) {
        return microBatches == 1 ? examples : add(new Op.MicroBatch(0), examples);
    }

    /// Number of micro-batches of the whole batch.
    public long microBatches() {
        return microBatches;
    }

    /// The number of the training step, `i64[]`, from 1.
    public Value step() {
        if (step == null) {
            step = add(new Op.Input("step", TensorType.scalar(Dtype.I64)));
        }
        return step;
    }

    /// A number that no other random layer of the model has; the same whenever the model is traced.
    public int randomStream() {
        return streams++;
    }

    /// True while the graph for training is written.
    public boolean training() {
        return training;
    }

    /// True while the model is written down to be shown, one example at a time.
    boolean describing() {
        return describing;
    }

    /// The floating type of weights and activations.
    public Dtype dtype() {
        return dtype;
    }

    /// Number of different tokens, if the model reads tokens.
    OptionalLong vocabulary() {
        return input instanceof ModelInput.Tokens tokens
                ? OptionalLong.of(tokens.vocabulary())
                : OptionalLong.empty();
    }

    /// A Problem of the current layer, at its line.
    public Problem problem(ProblemCode code, String sentence) {
        return Problem.of(code, sentence).fact("layer", graph.layer()).at(graph.origin());
    }

    /// The shape of `x`.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `ShapeMismatch` unless it is `[batch,
    ///   position, width]`
    Shape requireSequence(Layer layer, Value x) {
        if (x.type().shape().rank() != 3) {
            throw problem(
                            ProblemCode.SHAPE_MISMATCH,
                            "A layer of kind " + layer.kind() + " takes sequences.")
                    .fact("expected", "[batch, position, width]")
                    .fact("it follows", x.type())
                    .fix("start with tokens(\"text\", 64, 96) and embedding(\"model\", 64)")
                    .exception();
        }
        return x.type().shape();
    }

    /// @throws dev.partita.dsl.problem.ProblemException `ShapeMismatch` unless `x` is `[batch,
    ///   height, width, channel]`
    void requireImage(Layer layer, Value x) {
        if (x.type().shape().rank() != 4) {
            throw problem(ProblemCode.SHAPE_MISMATCH, "A " + layer.kind() + " layer takes images.")
                    .fact("expected", "[batch, height, width, channel]")
                    .fact("it follows", x.type())
                    .fix(
                            "start with image(\"pixels\", 1, 28, 28), and put flatten() after the last image layer")
                    .exception();
        }
    }
}
