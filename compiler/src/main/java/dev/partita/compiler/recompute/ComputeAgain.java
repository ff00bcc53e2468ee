package dev.partita.compiler.recompute;

import dev.partita.compiler.autodiff.TrainingGraph;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Lets backward read copies of the forward values that are not kept: copies of the nodes that
/// computed them, right before their first reader.
///
/// A copy lies as its original does, so a sharded model computes it again by the same collectives.
/// A dropout's copy has the same stream, step and positions, and drops the same elements.
final class ComputeAgain {
    private final ForwardValues forward;
    private final Set<Value> present;
    private final Map<Value, Value> copies = new HashMap<>();
    private final Map<Value, Value> follows;
    private final Map<Value, String> again = new LinkedHashMap<>();
    private final List<Node> nodes = new ArrayList<>();
    private int nextId;

    private ComputeAgain(ForwardValues forward, Set<Value> kept) {
        this.forward = forward;
        this.present = new HashSet<>(kept);
        this.follows = new LinkedHashMap<>(forward.training().follows());
        this.nextId = forward.training().graph().nextId();
    }

    static TrainingGraph run(ForwardValues forward, Set<Value> kept) {
        return new ComputeAgain(forward, kept).rewrite();
    }

    private TrainingGraph rewrite() {
        TrainingGraph training = forward.training();
        for (Node node : training.graph().nodes()) {
            if (forward.isForward(node)) {
                nodes.add(node);
            } else {
                List<Value> operands = node.operands().stream().map(v -> read(v, node)).toList();
                nodes.add(
                        new Node(node.op(), operands, node.results(), node.layer(), node.origin()));
            }
        }
        return new TrainingGraph(
                training.graph().withNodes(nodes), follows, training.gradients(), again);
    }

    /// What `reader` reads instead of `value`.
    private Value read(Value value, Node reader) {
        forward.chain(value, present).forEach(node -> copy(node, reader));
        return copies.getOrDefault(value, value);
    }

    private void copy(Node node, Node reader) {
        List<Value> operands =
                node.operands().stream().map(v -> copies.getOrDefault(v, v)).toList();
        List<Value> results = new ArrayList<>();
        for (Value original : node.results()) {
            var result = new Value(nextId++, original.type());
            results.add(result);
            copies.put(original, result);
            present.add(original);
            follows.put(result, original);
            again.put(result, because(original, reader));
        }
        nodes.add(new Node(node.op(), operands, results, node.layer(), node.origin()));
    }

    private static String because(Value original, Node reader) {
        String layer = reader.layer().isEmpty() ? "" : " of " + reader.layer();
        return original + " is computed again for " + reader.op() + layer;
    }
}
