package dev.partita.compiler.simplify;

import dev.partita.dsl.graph.Elementwise;
import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Value;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Pools before it rectifies: `max-pool(relu(x))` becomes `relu(max-pool(x))`. The two are equal,
/// since relu is monotonic, and so are their gradients; relu and its gradient then touch a fraction
/// of the memory.
public final class ReluAfterPool {
    private ReluAfterPool() {}

    public static Graph run(Graph graph) {
        Map<Value, List<Node>> uses = graph.uses();
        Map<Value, Node> definitions = graph.definitions();
        Set<Node> moved = new HashSet<>();
        for (Node pool : graph.nodesOf(Op.MaxPool.class).toList()) {
            Value rectified = pool.operands().getFirst();
            Node relu = definitions.get(rectified);
            boolean onlyUse =
                    uses.get(rectified).size() == 1 && !graph.outputs().containsValue(rectified);
            if (relu.op() instanceof Elementwise.Relu && onlyUse) {
                moved.add(relu);
            }
        }
        List<Node> nodes = new ArrayList<>();
        int nextId = graph.nextId();
        for (Node node : graph.nodes()) {
            Node relu =
                    node.op() instanceof Op.MaxPool
                            ? definitions.get(node.operands().getFirst())
                            : null;
            if (relu != null && moved.contains(relu)) {
                Value y = node.results().getFirst();
                Value pooled = new Value(nextId++, y.type());
                Value positions = node.results().get(1);
                nodes.add(
                        new Node(
                                node.op(),
                                relu.operands(),
                                List.of(pooled, positions),
                                node.layer(),
                                node.origin()));
                nodes.add(
                        new Node(
                                relu.op(),
                                List.of(pooled),
                                List.of(y),
                                relu.layer(),
                                relu.origin()));
            } else if (!moved.contains(node)) {
                nodes.add(node);
            }
        }
        return graph.withNodes(nodes);
    }
}
