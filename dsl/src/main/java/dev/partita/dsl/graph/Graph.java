package dev.partita.dsl.graph;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/// A typed program in single-assignment form: nodes in an order in which they can run, and named
/// outputs.
public record Graph(String name, List<Node> nodes, Map<String, Value> outputs) implements Printed {
    /// Begins the name of an output that becomes a state; the state's name follows.
    public static final String NEXT_STATE = "next-state/";

    /// The output with what layers add to the loss; the output `loss` includes it.
    public static final String AUXILIARY_LOSS = "auxiliary-loss";

    /// Begins the name of an output with the share of choices that each expert of a layer got; the
    /// layer's name follows.
    public static final String CHOSEN = "chosen/";

    /// Begins the name of an output with the share of choices that each expert of a layer had no
    /// slot for; the layer's name follows.
    public static final String DROPPED = "dropped/";

    public Graph {
        nodes = List.copyOf(nodes);
        outputs = Collections.unmodifiableMap(new LinkedHashMap<>(outputs));
    }

    /// Who defines and who reads each value.
    public GraphIndex index() {
        return GraphIndex.of(this);
    }

    /// The same outputs computed by other nodes.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `GraphRejected` if they do not form a graph
    public Graph withNodes(List<Node> newNodes) {
        var graph = new Graph(name, newNodes, outputs);
        GraphVerifier.verify(graph);
        return graph;
    }

    /// The output of this name.
    ///
    /// @throws IllegalArgumentException if there is none
    public Value output(String output) {
        Value value = outputs.get(output);
        if (value == null) {
            throw new IllegalArgumentException("no output " + output + " in " + outputs.keySet());
        }
        return value;
    }

    /// The nodes whose op is a `type`, in order.
    public Stream<Node> nodesOf(Class<? extends Op> type) {
        return nodes.stream().filter(n -> type.isInstance(n.op()));
    }

    /// One more than the largest value id.
    public int nextId() {
        return nodes.stream()
                        .flatMap(n -> n.results().stream())
                        .mapToInt(Value::id)
                        .max()
                        .orElse(-1)
                + 1;
    }

    /// The whole program as text.
    @Override
    public String print() {
        return GraphPrinter.print(this);
    }

    @Override
    public String toString() {
        return "graph " + name + ": " + nodes.size() + " nodes, outputs " + outputs.keySet();
    }
}
