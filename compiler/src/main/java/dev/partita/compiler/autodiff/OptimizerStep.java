package dev.partita.compiler.autodiff;

import dev.partita.dsl.graph.Elementwise;
import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.graph.GraphBuilder;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.graph.Update;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.graph.Wide;
import dev.partita.dsl.layer.Optimizer;
import dev.partita.dsl.layer.Spared;
import dev.partita.dsl.mesh.Coordinate;
import dev.partita.dsl.problem.NearMiss;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.dsl.tensor.TensorType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/// Appends the end of a training step: the global gradient norm, the check that loss and norm are
/// finite, the clipping of gradients, and the update of every parameter. Updates come last, so that
/// a step that ends at the check has changed nothing.
public final class OptimizerStep {
    private final TrainingGraph before;
    private final GraphBuilder builder;
    private final Map<Value, Value> follows;
    private final Function<Node, List<Coordinate>> home;
    private final Map<String, Node> parameters = new HashMap<>();

    private OptimizerStep(TrainingGraph before, Function<Node, List<Coordinate>> home) {
        this.before = before;
        this.home = home;
        this.builder = GraphBuilder.continuing(before.graph());
        this.follows = new LinkedHashMap<>(before.follows());
        before.graph()
                .nodesOf(Op.Parameter.class)
                .forEach(n -> parameters.put(((Op.Parameter) n.op()).name(), n));
    }

    /// Appends the end of a step.
    ///
    /// @param clipNorm gradients of a larger global norm are shortened to it; infinite for never
    public static TrainingGraph append(TrainingGraph before, Optimizer optimizer, double clipNorm) {
        return append(before, optimizer, clipNorm, _ -> List.of());
    }

    /// The same of a model whose parts live at different places: the loss and the gradient norm are
    /// brought to all devices, so that all of them know whether the step counts.
    ///
    /// @param home where a parameter or the loss lives; empty for everywhere
    public static TrainingGraph append(
            TrainingGraph before,
            Optimizer optimizer,
            double clipNorm,
            Function<Node, List<Coordinate>> home) {
        return new OptimizerStep(before, home).append(optimizer, clipNorm);
    }

    private TrainingGraph append(Optimizer optimizer, double clipNorm) {
        requireSpared(optimizer);
        Node lossNode = before.graph().index().definition(before.graph().output("loss"));
        Map<List<Coordinate>, Value> squares = sumsOfSquares();
        builder.like(lossNode);
        Value loss = everywhere(home.apply(lossNode), before.graph().output("loss"));
        builder.output("loss", loss);
        Optional<Value> norm =
                squares.entrySet().stream()
                        .map(each -> everywhere(each.getKey(), each.getValue()))
                        .reduce((a, b) -> builder.add(new Elementwise.Add(), a, b))
                        .map(sum -> builder.add(new Elementwise.SquareRoot(), sum));
        builder.addAll(new Op.RequireFinite("loss"), List.of(loss));
        norm.ifPresent(value -> {
            builder.addAll(new Op.RequireFinite("gradient norm"), List.of(value));
            builder.output("gradient-norm", value);
        });
        Optional<Value> factor =
                norm.filter(_ -> clipNorm < Double.POSITIVE_INFINITY)
                        .map(value -> builder.add(new Elementwise.ClipFactor(clipNorm), value));
        Value rate =
                builder.add(new Op.Input("learning-rate", TensorType.scalar(loss.type().dtype())));
        Value step = stepCounter();
        before.gradients()
                .forEach((name, gradient) ->
                        update(
                                optimizer,
                                parameter(name),
                                clipped(parameter(name), gradient, factor),
                                rate,
                                step));
        before.graph().nodesOf(Op.State.class).forEach(this::store);
        return new TrainingGraph(builder.build(), follows, before.gradients(), before.again());
    }

    /// For each place, the sum of the squares of all gradients of the parameters that live there.
    private Map<List<Coordinate>, Value> sumsOfSquares() {
        Map<List<Coordinate>, List<Value>> squares = new LinkedHashMap<>();
        before.gradients()
                .forEach((name, gradient) -> {
                    Node parameter = parameter(name);
                    Value square = sumOfSquares(builder.like(parameter), parameter, gradient);
                    squares.computeIfAbsent(home.apply(parameter), _ -> new ArrayList<>())
                            .add(square);
                });
        builder.like(before.graph().index().definition(before.graph().output("loss")));
        Map<List<Coordinate>, Value> sums = new LinkedHashMap<>();
        squares.forEach((place, each) ->
                each.stream()
                        .reduce((a, b) -> builder.add(new Elementwise.Add(), a, b))
                        .ifPresent(sum -> sums.put(place, sum)));
        return sums;
    }

    /// In the weight's type, also of a gradient in a narrower one.
    private static Value sumOfSquares(GraphBuilder builder, Node parameter, Value gradient) {
        Dtype full = parameter.result().type().dtype();
        if (gradient.type().dtype() == full) {
            return builder.add(new Op.SumSquares(), gradient);
        }
        if (full == Dtype.F32) {
            return builder.add(new Wide(new Op.SumSquares(), List.of(full)), gradient);
        }
        return builder.add(new Op.Cast(full), builder.add(new Op.SumSquares(), gradient));
    }

    /// A gradient that is to be shortened is widened first, lest it be rounded twice.
    private Value widened(Node parameter, Value gradient) {
        Dtype full = parameter.result().type().dtype();
        return gradient.type().dtype() == full
                ? gradient
                : builder.add(new Op.Cast(full), gradient);
    }

    private Value everywhere(List<Coordinate> place, Value value) {
        return place.isEmpty() ? value : builder.add(new Reshard.Relocate(place, List.of()), value);
    }

    /// Gives a layer's state the value that the layer says it has next.
    private void store(Node state) {
        String name = Graph.NEXT_STATE + ((Op.State) state.op()).name();
        Value next = before.graph().outputs().get(name);
        if (next != null) {
            builder.like(state);
            Value stored = builder.add(new Update.Store(), state.result(), next);
            follows.put(stored, state.result());
        }
    }

    /// Every name that weight decay is to spare must be one.
    private void requireSpared(Optimizer optimizer) {
        List<Op.Parameter> all =
                before.graph().nodesOf(Op.Parameter.class).map(n -> (Op.Parameter) n.op()).toList();
        for (String name : optimizer.spared().names()) {
            if (all.stream().noneMatch(parameter -> Spared.isCalled(parameter, name))) {
                List<String> known =
                        all.stream()
                                .map(Op.Parameter::name)
                                .flatMap(
                                        n -> Stream.concat(Stream.of(n.split("\\.")), Stream.of(n)))
                                .distinct()
                                .toList();
                throw Problem.of(
                                ProblemCode.INVALID_ARGUMENT,
                                "Weight decay is to spare what the model does not have.")
                        .fact("sparing", name)
                        .fix(NearMiss.fix(name, known, "name"))
                        .exception();
            }
        }
    }

    /// The gradient as it is used; what is kept is the gradient before.
    private Value clipped(Node parameter, Value gradient, Optional<Value> factor) {
        builder.like(parameter);
        Value clipped =
                factor.map(by -> builder.add(new Op.ScaleBy(), widened(parameter, gradient), by))
                        .orElse(gradient);
        follows.putIfAbsent(clipped, parameter.result());
        return clipped;
    }

    private Node parameter(String name) {
        return Objects.requireNonNull(parameters.get(name));
    }

    /// The counter that dropout may have brought in already.
    private Value stepCounter() {
        var type = TensorType.scalar(Dtype.I64);
        return before.graph()
                .nodesOf(Op.Input.class)
                .filter(n -> n.op().equals(new Op.Input("step", type)))
                .findFirst()
                .map(Node::result)
                .orElseGet(() -> builder.add(new Op.Input("step", type)));
    }

    private void update(
            Optimizer optimizer, Node parameter, Value gradient, Value rate, Value step) {
        builder.like(parameter);
        Value weight = parameter.result();
        String name = ((Op.Parameter) parameter.op()).name();
        List<Value> states =
                optimizer.states().stream()
                        .map(state ->
                                builder.add(new Op.State(name + "/" + state, weight.type(), 0)))
                        .toList();
        List<Value> operands = new ArrayList<>(List.of(weight, gradient));
        boolean decays = !optimizer.spared().spares((Op.Parameter) parameter.op());
        Update.Descent update = decays ? optimizer.step() : optimizer.step().withoutDecay();
        switch (update) {
            case Update.SgdStep _ -> {
                operands.add(rate);
                operands.addAll(states);
            }
            case Update.AdamStep _ -> {
                operands.addAll(states);
                operands.addAll(List.of(rate, step));
            }
        }
        Node node = builder.addAll(update, operands);
        states.forEach(state -> follows.put(state, weight));
        node.results().forEach(result -> follows.put(result, weight));
    }
}
