package dev.partita.runtime.train;

import static com.google.common.truth.Truth.assertWithMessage;

import dev.partita.compiler.partition.LocalGraph;
import dev.partita.compiler.plan.MemoryUse;
import dev.partita.compiler.plan.Program;
import dev.partita.compiler.plan.Step;
import dev.partita.dsl.graph.Elementwise;
import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.graph.GraphIndex;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.mesh.Placement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;

/// The mistakes that people make by hand, each as a change of a right program.
final class Mistakes {
    private Mistakes() {}

    /// Every device takes the norm of its own shards of the gradients for the norm of all.
    static LocalGraph normPerShard(LocalGraph local) {
        GraphIndex index = local.graph().index();
        return without(local, n -> isSum(n) && isNorm(n, index));
    }

    private static boolean isSum(Node node) {
        return node.op() instanceof Reshard.AllReduce || node.op() instanceof Reshard.ReduceScatter;
    }

    /// True for a sum of squares that is still to be summed over devices.
    private static boolean isNorm(Node reduce, GraphIndex index) {
        return isSquares(index.definition(reduce.operands().getFirst()), index);
    }

    private static boolean isSquares(Node node, GraphIndex index) {
        return node.op() instanceof Op.SumSquares
                || (node.op() instanceof Elementwise.Add
                        && node.result().type().shape().rank() == 0
                        && node.operands().stream()
                                .anyMatch(v -> isSquares(index.definition(v), index)));
    }

    /// Every device divides by the examples of its shard, one of `shards`.
    static LocalGraph lossByShard(LocalGraph local, int shards) {
        return replaced(
                local,
                node ->
                        node.op() instanceof Elementwise.Scale scale && node.layer().equals("loss")
                                ? new Elementwise.Scale(shards * scale.factor())
                                : node.op());
    }

    /// The gradient of a layer's bias stays what the device's part of the examples or of the
    /// sequence says.
    static LocalGraph biasNotSummed(LocalGraph local, String layer) {
        return without(
                local,
                n ->
                        isSum(n)
                                && n.layer().equals(layer)
                                && n.result().type().shape().rank() == 1
                                && local.block(n.result()).use() == MemoryUse.GRADIENTS);
    }

    /// Every device draws the same elements of its shard.
    static LocalGraph sameDropout(LocalGraph local) {
        Map<Value, LocalGraph.Block> blocks = new HashMap<>(local.blocks());
        List<Value> dropped =
                local.graph()
                        .nodesOf(Op.Dropout.class)
                        .flatMap(n -> List.of(n.operands().getFirst(), n.result()).stream())
                        .toList();
        assertWithMessage("dropout to make the mistake in").that(dropped).isNotEmpty();
        dropped.forEach(v -> blocks.put(v, first(v)));
        return new LocalGraph(local.graph(), local.mesh(), blocks, local.reasons());
    }

    /// A block that takes itself for the whole.
    private static LocalGraph.Block first(Value value) {
        return new LocalGraph.Block(
                value, Placement.replicated(value.type().shape().rank()), MemoryUse.ACTIVATIONS);
    }

    /// Dropout that is computed again draws other elements than before.
    static LocalGraph recomputedAnew(LocalGraph local) {
        List<Node> all = local.graph().nodesOf(Op.Dropout.class).toList();
        // forward, the copy, and the gradient
        assertWithMessage("dropout, its copy and its gradient").that(all).hasSize(3);
        return replaced(
                local,
                node ->
                        node.equals(all.get(1)) && node.op() instanceof Op.Dropout dropout
                                ? new Op.Dropout(dropout.rate(), 77)
                                : node.op());
    }

    /// A device that does not divide its gradients by the loss scale.
    static Program keepsLossScale(Program program) {
        List<Step> steps =
                program.steps().stream()
                        .map(step ->
                                step instanceof Step.Compute c
                                                && c.op() instanceof Op.ScaleBy
                                                && !c.note().layer().equals("loss")
                                        ? new Step.Compute(
                                                c.id(),
                                                new Elementwise.Scale(1),
                                                c.reads().subList(0, 1),
                                                c.writes(),
                                                c.note())
                                        : step)
                        .toList();
        return changed(program, steps);
    }

    /// A device that does not look whether gradients have overflowed.
    static Program looksForNoOverflow(Program program) {
        return changed(
                program,
                program.steps().stream()
                        .filter(step ->
                                !(step instanceof Step.RequireFinite check
                                        && check.what().equals("gradient norm")))
                        .toList());
    }

    private static Program changed(Program program, List<Step> steps) {
        assertWithMessage("the mistake was made").that(steps).isNotEqualTo(program.steps());
        return new Program(program.arenaBytes(), program.slots(), program.bindings(), steps);
    }

    /// The same program, where readers of what these nodes make read what they were made from.
    private static LocalGraph without(LocalGraph local, Predicate<Node> dropped) {
        Map<Value, Value> instead = new HashMap<>();
        List<Node> nodes = new ArrayList<>();
        for (Node node : local.graph().nodes()) {
            if (dropped.test(node)) {
                instead.put(node.result(), node.operands().getFirst());
            } else {
                List<Value> operands =
                        node.operands().stream().map(v -> instead.getOrDefault(v, v)).toList();
                nodes.add(
                        new Node(node.op(), operands, node.results(), node.layer(), node.origin()));
            }
        }
        assertWithMessage("the mistake was made").that(instead).isNotEmpty();
        Map<String, Value> outputs = new HashMap<>(local.graph().outputs());
        outputs.replaceAll((_, v) -> instead.getOrDefault(v, v));
        return local.with(new Graph(local.graph().name(), nodes, outputs));
    }

    private static LocalGraph replaced(LocalGraph local, Function<Node, Op> op) {
        List<Node> nodes =
                local.graph().nodes().stream()
                        .map(n ->
                                new Node(
                                        op.apply(n),
                                        n.operands(),
                                        n.results(),
                                        n.layer(),
                                        n.origin()))
                        .toList();
        assertWithMessage("the mistake was made").that(nodes).isNotEqualTo(local.graph().nodes());
        return local.with(local.graph().withNodes(nodes));
    }
}
