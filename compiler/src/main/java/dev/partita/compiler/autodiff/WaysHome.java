package dev.partita.compiler.autodiff;

import dev.partita.dsl.graph.Elementwise;
import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.graph.GraphIndex;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.graph.Value;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// The nodes that do nothing but bring gradients of weights to where the weights live, and add up
/// there those of several uses. They are linear, so they may as well be done once, on sums.
///
/// @param nodes in order
record WaysHome(List<Node> nodes, Set<Node> set) {
    static WaysHome of(TrainingGraph training) {
        GraphIndex index = training.graph().index();
        Set<Node> set = new HashSet<>();
        for (Value gradient : training.gradients().values()) {
            Set<Node> way = new HashSet<>();
            collect(gradient, index, training, way);
            if (way.stream().anyMatch(node -> node.op() instanceof Reshard.Relocate)) {
                set.addAll(way);
            }
        }
        List<Node> nodes = training.graph().nodes().stream().filter(set::contains).toList();
        return new WaysHome(nodes, set);
    }

    private static void collect(
            Value gradient, GraphIndex index, TrainingGraph training, Set<Node> way) {
        Node node = index.definition(gradient);
        boolean linear =
                node.op() instanceof Elementwise.Add || node.op() instanceof Reshard.Relocate;
        boolean inner = training.gradients().containsValue(gradient) || index.isReadOnce(gradient);
        if (linear && inner && training.follows().containsKey(gradient)) {
            way.add(node);
            node.operands().forEach(operand -> collect(operand, index, training, way));
        }
    }

    boolean contains(Node node) {
        return set.contains(node);
    }

    Graph without(Graph graph) {
        return nodes.isEmpty()
                ? graph
                : graph.withNodes(graph.nodes().stream().filter(n -> !contains(n)).toList());
    }

    /// What is to be summed instead of these gradients.
    Set<Value> beginnings(Collection<Value> gradients) {
        Set<Value> ends = new HashSet<>();
        Set<Value> read = new LinkedHashSet<>(gradients);
        for (Node node : nodes) {
            ends.add(node.result());
            read.addAll(node.operands());
        }
        read.removeAll(ends);
        return read;
    }
}
