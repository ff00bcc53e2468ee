package dev.partita.compiler.precision;

import dev.partita.compiler.autodiff.TrainingGraph;
import dev.partita.dsl.graph.Elementwise;
import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.graph.GraphBuilder;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Update;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.tensor.TensorType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/// Dynamic loss scaling (Micikevicius et al. 2018, section 3.2), with the numbers of PyTorch's
/// GradScaler: backward starts from the loss scale instead of 1, so that gradients too small for
/// f16 survive; complete gradients, which are full, are divided by it. When one has overflowed, no
/// weight changes, the scale is halved and the same step is run again: an overflow costs time and
/// nothing else.
///
/// That one device skips a step which another takes is impossible, three times over. Whether a step
/// is skipped is one value of the graph, the global gradient norm, which an infinite gradient
/// anywhere makes infinite; the plan's verifier rejects a check of a value that is not whole and
/// the same on every device; and a step is skipped or committed for all devices by one
/// compare-and-set, so a device that finds otherwise fails the step for all.
public final class LossScaling {
    static final double FIRST = 65_536;
    static final int INTERVAL = 2_000;
    private static final String SCALE = "loss-scale";

    private LossScaling() {}

    /// Where backward starts: the gradient of a loss of this type.
    public static Op.Leaf seed(TensorType loss) {
        return new Op.State(SCALE, loss, FIRST);
    }

    /// Divides every gradient by the scale it was computed with; exactly, since that is a power of
    /// two.
    public static TrainingGraph unscale(TrainingGraph scaled) {
        var builder = GraphBuilder.continuing(scaled.graph());
        Map<Value, Value> follows = new LinkedHashMap<>(scaled.follows());
        Map<String, Value> gradients = new LinkedHashMap<>();
        Node scale = state(scaled.graph());
        Value factor = builder.like(scale).add(new Elementwise.Reciprocal(), scale.result());
        var index = scaled.graph().index();
        scaled.gradients()
                .forEach((name, gradient) -> {
                    Value unscaled =
                            builder.like(index.definition(gradient))
                                    .add(new Op.ScaleBy(), gradient, factor);
                    Value leader = Objects.requireNonNullElse(follows.get(gradient), gradient);
                    follows.put(unscaled, leader);
                    gradients.put(name, unscaled);
                });
        return new TrainingGraph(builder.build(), follows, gradients, scaled.again());
    }

    /// Lets the check of the gradient norm lower the scale, and a complete step count for it.
    public static TrainingGraph guard(TrainingGraph training) {
        Graph graph = training.graph();
        Value scale = state(graph).result();
        var goodSteps = new Value(graph.nextId(), scale.type());
        List<Node> nodes = new ArrayList<>();
        for (Node node : graph.nodes()) {
            if (node.op().equals(new Op.RequireFinite("gradient norm"))) {
                var count = new Op.State("good-steps", scale.type(), 0);
                nodes.add(like(node, count, List.of(), List.of(goodSteps)));
                List<Value> operands = List.of(node.operands().getFirst(), scale, goodSteps);
                nodes.add(like(node, node.op(), operands, List.of()));
            } else {
                nodes.add(node);
            }
        }
        var builder = GraphBuilder.continuing(graph.withNodes(nodes));
        builder.addAll(new Update.LossScaleStep(INTERVAL), List.of(scale, goodSteps));
        return new TrainingGraph(
                builder.build(), training.follows(), training.gradients(), training.again());
    }

    private static Node like(Node node, Op op, List<Value> operands, List<Value> results) {
        return new Node(op, operands, results, node.layer(), node.origin());
    }

    private static Node state(Graph graph) {
        return graph.nodesOf(Op.State.class)
                .filter(n -> ((Op.State) n.op()).name().equals(SCALE))
                .findFirst()
                .orElseThrow();
    }
}
