package dev.partita.compiler.simplify;

import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.graph.GraphIndex;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedSet;

/// Merges a node into the only reader of its result.
final class OnlyUses {
    private OnlyUses() {}

    /// What one op becomes when the op that alone reads its result, as first operand, is merged
    /// into it; the merged node reads the producer's operands and then the consumer's others. Empty
    /// if the two do not merge.
    @FunctionalInterface
    interface Merge {
        Optional<Op> of(Node producer, Node consumer);
    }

    /// Merges wherever `merge` says how, chains included. The merged node stands where the consumer
    /// stood, so that all its operands are defined.
    static Graph absorb(Graph graph, Merge merge) {
        GraphIndex index = graph.index();
        Map<Value, Node> producers = new HashMap<>();
        SequencedSet<Node> nodes = new LinkedHashSet<>();
        for (Node node : graph.nodes()) {
            Node kept = node;
            Node producer =
                    node.operands().isEmpty() ? null : producers.get(node.operands().getFirst());
            if (producer != null && index.isReadOnce(node.operands().getFirst())) {
                Optional<Op> merged = merge.of(producer, node);
                if (merged.isPresent()) {
                    List<Value> operands = new ArrayList<>(producer.operands());
                    operands.addAll(node.operands().subList(1, node.operands().size()));
                    kept =
                            new Node(
                                    merged.get(),
                                    operands,
                                    node.results(),
                                    producer.layer(),
                                    producer.origin());
                    nodes.remove(producer);
                }
            }
            nodes.add(kept);
            for (Value result : kept.results()) {
                producers.put(result, kept);
            }
        }
        return graph.withNodes(List.copyOf(nodes));
    }
}
