package dev.partita.dsl.graph;

import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.tensor.TensorType;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// Checks what every graph must keep: each value is defined once and before it is read, has the
/// type its op gives it, and every output is defined.
public final class GraphVerifier {
    private GraphVerifier() {}

    /// Looks at every node in order.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `GraphRejected`, naming the node
    public static void verify(Graph graph) {
        Set<Value> defined = new HashSet<>();
        for (Node node : graph.nodes()) {
            for (Value operand : node.operands()) {
                if (!defined.contains(operand)) {
                    throw rejected(graph, node, operand + " is read before it is defined");
                }
            }
            List<TensorType> expected =
                    ResultTypes.of(node.op(), node.operands().stream().map(Value::type).toList());
            List<TensorType> found = node.results().stream().map(Value::type).toList();
            if (!expected.equals(found)) {
                throw rejected(
                        graph, node, "its results are " + found + " and should be " + expected);
            }
            for (Value result : node.results()) {
                if (!defined.add(result)) {
                    throw rejected(graph, node, result + " is defined twice");
                }
            }
        }
        graph.outputs()
                .forEach((name, value) -> {
                    if (!defined.contains(value)) {
                        throw Problem.of(
                                        ProblemCode.GRAPH_REJECTED,
                                        "An output of graph " + graph.name() + " is not defined.")
                                .fact("output", name + " = " + value)
                                .fix("report this: a pass broke the graph")
                                .exception();
                    }
                });
    }

    private static RuntimeException rejected(Graph graph, Node node, String why) {
        return Problem.of(
                        ProblemCode.GRAPH_REJECTED,
                        "Graph " + graph.name() + " is not well formed.")
                .fact("node", node)
                .fact("because", why)
                .fix("report this: a pass broke the graph")
                .at(node.origin())
                .exception();
    }
}
