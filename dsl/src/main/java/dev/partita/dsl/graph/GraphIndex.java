package dev.partita.dsl.graph;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The links of a graph: for each value the node that defines it and the nodes that read it.
public final class GraphIndex {
    private final Graph graph;
    private final Map<Value, Node> definitions = new HashMap<>();
    private final Map<Value, List<Node>> uses = new HashMap<>();

    private GraphIndex(Graph graph) {
        this.graph = graph;
    }

    static GraphIndex of(Graph graph) {
        var index = new GraphIndex(graph);
        for (Node node : graph.nodes()) {
            for (Value result : node.results()) {
                index.definitions.put(result, node);
            }
            for (Value operand : node.operands()) {
                index.uses.computeIfAbsent(operand, _ -> new ArrayList<>()).add(node);
            }
        }
        return index;
    }

    /// The node that defines `value`.
    ///
    /// @throws IllegalArgumentException if the graph does not hold it
    public Node definition(Value value) {
        Node node = definitions.get(value);
        if (node == null) {
            throw new IllegalArgumentException(value + " is not defined in " + graph);
        }
        return node;
    }

    /// The nodes that read `value`, a node once per read.
    public List<Node> uses(Value value) {
        return uses.getOrDefault(value, List.of());
    }

    /// True if exactly one operand is `value`, and no output is.
    public boolean isReadOnce(Value value) {
        return uses(value).size() == 1 && !graph.outputs().containsValue(value);
    }
}
