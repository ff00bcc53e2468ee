package dev.partita.dsl.graph;

import dev.partita.dsl.problem.Origin;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Appends nodes to a graph, computing the type of every result.
public final class GraphBuilder {
    private final String name;
    private final List<Node> nodes = new ArrayList<>();
    private final Map<String, Value> outputs = new LinkedHashMap<>();
    private int nextId;
    private String layer = "";
    private Origin origin = Origin.UNKNOWN;

    public GraphBuilder(String name) {
        this.name = name;
    }

    /// A builder that goes on where `graph` ends.
    public static GraphBuilder continuing(Graph graph) {
        var builder = new GraphBuilder(graph.name());
        builder.nodes.addAll(graph.nodes());
        builder.outputs.putAll(graph.outputs());
        builder.nextId = graph.nextId();
        return builder;
    }

    /// From now on, nodes belong to this layer and line.
    public GraphBuilder at(String newLayer, Origin newOrigin) {
        layer = newLayer;
        origin = newOrigin;
        return this;
    }

    /// From now on, nodes belong where `node` does.
    public GraphBuilder like(Node node) {
        return at(node.layer(), node.origin());
    }

    public String layer() {
        return layer;
    }

    public Origin origin() {
        return origin;
    }

    /// Appends a node with one result.
    ///
    /// @throws ProblemException `ShapeMismatch` or `DtypeMismatch` at the current line
    public Value add(Op op, Value... operands) {
        return addAll(op, List.of(operands)).result();
    }

    /// Appends a node with any number of results.
    ///
    /// @throws ProblemException `ShapeMismatch` or `DtypeMismatch` at the current line
    public Node addAll(Op op, List<Value> operands) {
        var results = new ArrayList<Value>();
        try {
            for (var type : ResultTypes.of(op, operands.stream().map(Value::type).toList())) {
                results.add(new Value(nextId++, type));
            }
        } catch (ProblemException e) {
            Problem problem = layer.isEmpty() ? e.problem() : e.problem().fact("layer", layer);
            throw problem.at(origin).exception(e);
        }
        var node = new Node(op, operands, results, layer, origin);
        nodes.add(node);
        return node;
    }

    public GraphBuilder output(String outputName, Value value) {
        outputs.put(outputName, value);
        return this;
    }

    public List<Node> nodes() {
        return nodes;
    }

    public Graph build() {
        var graph = new Graph(name, nodes, outputs);
        GraphVerifier.verify(graph);
        return graph;
    }
}
