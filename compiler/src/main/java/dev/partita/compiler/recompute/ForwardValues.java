package dev.partita.compiler.recompute;

import dev.partita.compiler.autodiff.TrainingGraph;
import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.graph.GraphIndex;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.graph.Value;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// What a training graph computes in its forward pass, and what its backward pass reads of that.
final class ForwardValues {
    private final TrainingGraph training;
    private final Graph forward;
    private final GraphIndex index;
    private final Set<Value> values = new HashSet<>();
    private final Set<Value> always = new HashSet<>();
    private final Set<Value> needed = new HashSet<>();

    ForwardValues(TrainingGraph training, Graph forward) {
        this.training = training;
        this.forward = forward;
        this.index = training.graph().index();
        for (Node node : forward.nodes()) {
            values.addAll(node.results());
            // what was sent to other devices is not sent a second time
            if (node.op() instanceof Op.Leaf || node.op() instanceof Reshard.Relocate) {
                always.addAll(node.results());
            }
        }
        always.addAll(training.graph().outputs().values());
        for (Node node : training.graph().nodes()) {
            if (!isForward(node)) {
                needed.addAll(node.operands());
            }
        }
        needed.retainAll(values);
    }

    TrainingGraph training() {
        return training;
    }

    Graph forward() {
        return forward;
    }

    /// True if the forward pass computes the value.
    boolean contains(Value value) {
        return values.contains(value);
    }

    boolean isForward(Node node) {
        return !node.results().isEmpty() && values.contains(node.results().getFirst());
    }

    Node definition(Value value) {
        return index.definition(value);
    }

    /// What backward reads of a node's results, and could be without: no leaf and no output.
    List<Value> savedBy(Node node) {
        return node.results().stream()
                .filter(v -> needed.contains(v) && !always.contains(v))
                .toList();
    }

    /// The values to keep if `borders` are kept and the results of `dropped` are not: never one
    /// that backward does without, unless it is at a border.
    Set<Value> kept(List<Node> borders, Set<Node> dropped) {
        Set<Value> kept = new HashSet<>(needed);
        borders.forEach(node -> kept.addAll(node.results()));
        dropped.forEach(node -> node.results().forEach(kept::remove));
        kept.addAll(always);
        return kept;
    }

    /// The nodes that have to run again for a value, in order, if these values are present; none
    /// for a value that the forward pass does not compute.
    List<Node> chain(Value value, Set<Value> present) {
        List<Node> chain = new ArrayList<>();
        collect(value, present, new HashSet<>(), chain);
        return chain;
    }

    private void collect(Value value, Set<Value> present, Set<Value> seen, List<Node> chain) {
        if (values.contains(value) && !present.contains(value) && seen.add(value)) {
            Node node = definition(value);
            seen.addAll(node.results());
            node.operands().forEach(operand -> collect(operand, present, seen, chain));
            chain.add(node);
        }
    }
}
