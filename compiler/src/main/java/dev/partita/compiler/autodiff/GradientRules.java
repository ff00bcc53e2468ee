package dev.partita.compiler.autodiff;

import dev.partita.dsl.graph.AttentionOp;
import dev.partita.dsl.graph.BatchNorm;
import dev.partita.dsl.graph.EinsumSpec;
import dev.partita.dsl.graph.Elementwise;
import dev.partita.dsl.graph.Epilogue;
import dev.partita.dsl.graph.GraphBuilder;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.graph.RoutingOp;
import dev.partita.dsl.graph.RowOp;
import dev.partita.dsl.graph.Update;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.graph.Wide;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// The vector-Jacobian product of every op: given the gradient of a node's first result, the
/// gradients of its operands. (Further results, such as pooling positions or row means, are helpers
/// that nothing is differentiated through.)
final class GradientRules {
    private GradientRules() {}

    /// One gradient per operand, each computed only when asked for; null where an operand has none,
    /// such as labels.
    static List<@Nullable Supplier<Value>> of(Node node, Value dy, GraphBuilder g) {
        return switch (node.op()) {
            case Op.Leaf _, Op.MicroBatch _, Op.Ignoring _ -> List.of();
            case Elementwise.Relu _ ->
                    rules(() -> g.add(new Elementwise.ReluGrad(), node.result(), dy));
            case Elementwise.Gelu _ ->
                    rules(() -> g.add(new Elementwise.GeluGrad(), x(node, 0), dy));
            case Elementwise.Silu _ ->
                    rules(() -> g.add(new Elementwise.SiluGrad(), x(node, 0), dy));
            case Elementwise.Tanh _ ->
                    rules(() -> g.add(new Elementwise.TanhGrad(), node.result(), dy));
            case Elementwise.Scale scale -> rules(() -> g.add(scale, dy));
            case Elementwise.Add _ -> rules(() -> dy, () -> dy);
            case Elementwise.Subtract _ ->
                    rules(() -> dy, () -> g.add(new Elementwise.Scale(-1), dy));
            case Elementwise.Multiply _ ->
                    rules(
                            () -> g.add(new Elementwise.Multiply(), dy, x(node, 1)),
                            () -> g.add(new Elementwise.Multiply(), dy, x(node, 0)));
            case Op.Flatten f ->
                    rules(() -> g.add(new Op.Unflatten(f.first(), f.last(), shape(node, 0)), dy));
            case Op.Unflatten u ->
                    rules(() -> g.add(new Op.Flatten(u.first(), u.last(), shape(node, 0)), dy));
            case Op.Broadcast b ->
                    rules(() -> g.add(new Op.Sum(allBut(b.dims(), b.to().rank())), dy));
            case Reshard.Relocate relocate -> rules(() -> g.add(relocate.back(), dy));
            case Op.Cast _ -> rules(() -> g.add(new Op.Cast(x(node, 0).type().dtype()), dy));
            case Op.Sum sum ->
                    rules(() ->
                            g.add(
                                    new Op.Broadcast(
                                            allBut(sum.dims(), shape(node, 0).rank()),
                                            shape(node, 0)),
                                    dy));
            case Op.AddBias _ -> {
                int outer = shape(node, 0).rank() - shape(node, 1).rank();
                List<Integer> dims = IntStream.range(0, outer).boxed().toList();
                yield rules(() -> dy, () -> g.add(new Op.Sum(dims), dy));
            }
            case Op.Einsum(EinsumSpec spec, Epilogue _) ->
                    rules(
                            () ->
                                    g.add(
                                            new Op.Einsum(spec.leftGradient(), Epilogue.NONE),
                                            dy,
                                            x(node, 1)),
                            () ->
                                    g.add(
                                            new Op.Einsum(spec.rightGradient(), Epilogue.NONE),
                                            dy,
                                            x(node, 0)));
            case Op.Conv2d conv ->
                    rules(
                            () ->
                                    g.add(
                                            new Op.Conv2dInputGrad(conv.window(), shape(node, 0)),
                                            dy,
                                            x(node, 1)),
                            () ->
                                    g.add(
                                            new Op.Conv2dWeightGrad(
                                                    conv.window(), false, shape(node, 1)),
                                            dy,
                                            x(node, 0)));
            case Op.MaxPool pool ->
                    rules(() ->
                            g.add(
                                    new Op.MaxPoolGrad(pool.window(), shape(node, 0)),
                                    dy,
                                    node.results().get(1)));
            case Op.Softmax _ -> rules(() -> g.add(new Op.SoftmaxGrad(), node.result(), dy));
            case Op.LayerNorm _ -> {
                List<Value> y = node.results();
                yield together(
                        3,
                        g,
                        new Op.LayerNormGrad(),
                        x(node, 0),
                        x(node, 1),
                        y.get(1),
                        y.get(2),
                        dy);
            }
            case RowOp.RmsNorm _ ->
                    together(
                            2,
                            g,
                            new RowOp.RmsNormGrad(),
                            x(node, 0),
                            x(node, 1),
                            node.results().get(1),
                            dy);
            case AttentionOp.Attention(boolean causal, double scale, boolean _) ->
                    together(
                            3,
                            g,
                            new AttentionOp.AttentionGrad(causal, scale),
                            x(node, 0),
                            x(node, 1),
                            x(node, 2),
                            node.results().get(0),
                            node.results().get(1),
                            dy);
            case AttentionOp.Rotary(double base, boolean back) ->
                    rules(() -> g.add(new AttentionOp.Rotary(base, !back), dy));
            case RoutingOp routing -> routing(routing, node, dy, g);
            case BatchNorm.Normalize norm when norm.ofBatch() -> batchNorm(node, norm, dy, g);
            case Op.Embedding _ ->
                    rules(() -> g.add(new Op.EmbeddingGrad(shape(node, 0)), x(node, 1), dy), null);
            case Op.Dropout dropout -> rules(() -> g.add(dropout, dy, x(node, 1)), null);
            case Op.CrossEntropy(double smoothing) ->
                    rules(
                            () ->
                                    g.add(
                                            new Op.CrossEntropyGrad(smoothing),
                                            x(node, 0),
                                            x(node, 1),
                                            node.results().get(1),
                                            dy),
                            null);
            // What only the compiler itself adds, after differentiation or by it.
            case Elementwise.ReluGrad _,
                    Elementwise.GeluGrad _,
                    Elementwise.SiluGrad _,
                    Elementwise.TanhGrad _,
                    Elementwise.SquareRoot _,
                    Elementwise.Reciprocal _,
                    Elementwise.ClipFactor _,
                    Elementwise.MeanWeight _,
                    Elementwise.Fused _,
                    Op.SumSquares _,
                    Op.ScaleBy _,
                    Op.Conv2dInputGrad _,
                    Op.Conv2dWeightGrad _,
                    Op.MaxPoolGrad _,
                    Op.SoftmaxGrad _,
                    Op.LayerNormGrad _,
                    Op.EmbeddingGrad _,
                    BatchNorm _,
                    Op.CrossEntropyGrad _,
                    Op.RequireFinite _,
                    RowOp.RmsNormGrad _,
                    RowOp.LogSumExp _,
                    RowOp.PickLogit _,
                    AttentionOp.AttentionGrad _,
                    AttentionOp.Merge _,
                    Op.Border _,
                    Update _,
                    Wide _,
                    Reshard.Grouped _ ->
                    throw notDifferentiable(node);
        };
    }

    /// The sums for gain and shift are also what the gradient of `x` takes from its mean and
    /// variance, group by group; these have none of their own.
    private static List<@Nullable Supplier<Value>> batchNorm(
            Node node, BatchNorm.Normalize norm, Value dy, GraphBuilder g) {
        List<Value> in = node.operands();
        Shape statistics = shape(node, 1);
        long count = shape(node, 0).elements() / statistics.elements();
        List<Integer> groups = IntStream.range(0, statistics.rank() - 1).boxed().toList();
        var sums =
                new Object() {
                    @Nullable Node node;

                    Value result(int i) {
                        if (node == null) {
                            List<Value> operands = List.of(in.get(0), in.get(1), in.get(2), dy);
                            node = g.addAll(new BatchNorm.SumsGrad(norm.epsilon()), operands);
                        }
                        return node.results().get(i);
                    }

                    Value ofAllGroups(int i) {
                        return groups.isEmpty() ? result(i) : g.add(new Op.Sum(groups), result(i));
                    }
                };
        return rules(
                () ->
                        g.add(
                                new BatchNorm.InputGrad(norm.epsilon(), count),
                                in.get(0),
                                in.get(1),
                                in.get(2),
                                in.get(3),
                                dy,
                                sums.result(0),
                                sums.result(1)),
                null,
                null,
                () -> sums.ofAllGroups(0),
                () -> sums.ofAllGroups(1));
    }

    /// Dispatching and combining are each other's gradients, with the same weights.
    private static List<@Nullable Supplier<Value>> routing(
            RoutingOp op, Node node, Value dy, GraphBuilder g) {
        return switch (op) {
            case RoutingOp.Route(int choices, long _) ->
                    rules(() ->
                            g.add(
                                    new RoutingOp.RouteGrad(choices),
                                    x(node, 0),
                                    node.results().get(1),
                                    dy));
            case RoutingOp.Dispatch _ ->
                    rules(
                            () -> slotted(new RoutingOp.Combine(shape(node, 0)), node, dy, g),
                            null,
                            () -> g.add(new RoutingOp.SlotDot(), dy, x(node, 0), x(node, 1)));
            case RoutingOp.Combine _ ->
                    rules(
                            () -> slotted(new RoutingOp.Dispatch(shape(node, 0)), node, dy, g),
                            null,
                            () -> g.add(new RoutingOp.SlotDot(), x(node, 0), dy, x(node, 1)));
            case RoutingOp.RouteGrad _, RoutingOp.SlotDot _ -> throw notDifferentiable(node);
        };
    }

    /// `grad` of `dy` at the positions, and with the weights, that the node read.
    private static Value slotted(RoutingOp grad, Node node, Value dy, GraphBuilder g) {
        List<Value> operands = new ArrayList<>(node.operands());
        operands.set(0, dy);
        return g.addAll(grad, operands).result();
    }

    @SafeVarargs
    private static List<@Nullable Supplier<Value>> rules(@Nullable Supplier<Value>... rules) {
        return Arrays.asList(rules);
    }

    /// The gradients of the first `count` operands, where one op computes all of them.
    private static List<@Nullable Supplier<Value>> together(
            int count, GraphBuilder g, Op grad, Value... operands) {
        var node = new AtomicReference<@Nullable Node>();
        return IntStream.range(0, count)
                .<@Nullable Supplier<Value>>mapToObj(i ->
                        () -> {
                            Node computed = node.get();
                            if (computed == null) {
                                computed = g.addAll(grad, List.of(operands));
                                node.set(computed);
                            }
                            return computed.results().get(i);
                        })
                .toList();
    }

    private static Value x(Node node, int operand) {
        return node.operands().get(operand);
    }

    private static Shape shape(Node node, int operand) {
        return x(node, operand).type().shape();
    }

    private static List<Integer> allBut(List<Integer> dims, int rank) {
        return IntStream.range(0, rank).filter(i -> !dims.contains(i)).boxed().toList();
    }

    private static RuntimeException notDifferentiable(Node node) {
        return Problem.of(ProblemCode.GRAPH_REJECTED, "A model holds an op that has no gradient.")
                .fact("op", node)
                .fix("build the model from the words of Layers")
                .at(node.origin())
                .exception();
    }
}
