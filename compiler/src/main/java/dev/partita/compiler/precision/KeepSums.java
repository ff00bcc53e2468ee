package dev.partita.compiler.precision;

import dev.partita.compiler.autodiff.TrainingGraph;
import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.graph.GraphIndex;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.graph.Wide;
import dev.partita.dsl.tensor.Dtype;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Keeps what contractions and sums have summed in `f32` where it would be rounded only to be
/// widened again: gradients of weights, and logits for their loss. What is widened for an op that
/// reads half floats as well stays as it is.
///
/// It runs before placement, so that a number is rounded under every placement or under none.
public final class KeepSums {
    private KeepSums() {}

    public static TrainingGraph run(TrainingGraph training) {
        Graph graph = training.graph();
        GraphIndex index = graph.index();
        Map<Value, Value> kept = new HashMap<>();
        for (Node node : graph.nodes()) {
            if (sums(node.op()) && node.results().stream().allMatch(r -> isOnlyWidened(r, index))) {
                node.results().forEach(r -> kept.put(r, index.uses(r).getFirst().result()));
            }
        }
        Set<Value> narrow = new HashSet<>(kept.values());
        List<Node> nodes = new ArrayList<>();
        for (Node node : graph.nodes()) {
            if (node.results().stream().anyMatch(kept::containsKey)) {
                List<Value> results = node.results().stream().map(kept::get).toList();
                Op op = new Wide(node.op(), results.stream().map(_ -> Dtype.F32).toList());
                nodes.add(new Node(op, node.operands(), results, node.layer(), node.origin()));
            } else if (node.results().stream().noneMatch(narrow::contains)) {
                nodes.add(node);
            }
        }
        return training.with(graph.withNodes(nodes), kept);
    }

    private static boolean sums(Op op) {
        return op instanceof Op.Einsum || op instanceof Op.Conv2dWeightGrad || op instanceof Op.Sum;
    }

    private static boolean isOnlyWidened(Value value, GraphIndex index) {
        if (!index.isReadOnce(value)) {
            return false;
        }
        Node reader = index.uses(value).getFirst();
        return reader.op().equals(new Op.Cast(Dtype.F32))
                && value.type().dtype() != Dtype.F64
                && index.uses(reader.result()).stream()
                        .noneMatch(n -> PrecisionPolicy.readsHalf(n.op()));
    }
}
