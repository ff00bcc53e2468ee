package dev.partita.compiler.simplify;

import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Value;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/// Drops every node that no output needs, except those that have an effect.
public final class DeadCode {
    private DeadCode() {}

    public static Graph run(Graph graph, Predicate<Node> hasEffect) {
        Set<Value> needed = new HashSet<>(graph.outputs().values());
        List<Node> kept = new ArrayList<>();
        for (Node node : graph.nodes().reversed()) {
            if (hasEffect.test(node) || !Collections.disjoint(needed, node.results())) {
                kept.add(node);
                needed.addAll(node.operands());
            }
        }
        return graph.withNodes(kept.reversed());
    }
}
