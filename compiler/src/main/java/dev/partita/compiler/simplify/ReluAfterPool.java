package dev.partita.compiler.simplify;

import dev.partita.dsl.graph.Elementwise;
import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.graph.GraphIndex;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Pools before it rectifies: `max-pool(relu(x))` becomes `relu(max-pool(x))`. The two are equal,
/// since relu is monotonic, and so are their gradients; relu and its gradient then touch a fraction
/// of the memory.
public final class ReluAfterPool {
    private ReluAfterPool() {}

    public static Graph run(Graph graph) {
        GraphIndex index = graph.index();
        Map<Node, Node> reluOf = new HashMap<>();
        graph.nodesOf(Op.MaxPool.class)
                .forEach(pool -> {
                    Value rectified = pool.operands().getFirst();
                    Node relu = index.definition(rectified);
                    if (relu.op() instanceof Elementwise.Relu && index.isReadOnce(rectified)) {
                        reluOf.put(pool, relu);
                    }
                });
        List<Node> nodes = new ArrayList<>();
        int nextId = graph.nextId();
        for (Node node : graph.nodes()) {
            Node relu = reluOf.get(node);
            if (relu != null) {
                Value y = node.results().getFirst();
                Value positions = node.results().get(1);
                Value pooled = new Value(nextId++, y.type());
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
            } else if (!reluOf.containsValue(node)) {
                nodes.add(node);
            }
        }
        return graph.withNodes(nodes);
    }
}
