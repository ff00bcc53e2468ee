package dev.partita.compiler.recompute;

import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.graph.GraphIndex;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Cuts a forward graph into blocks. A border is a node through whose results alone everything
/// after it reads everything before it.
///
/// Between two such cuts lies one layer, or a layer of layers that something skips (a residual
/// layer). Where there are residual layers, each is a block, and so is what lies between two of
/// them: transformers and residual networks. Where there are none, n layers in a row make about
/// sqrt(n) blocks, whose borders and largest block together need the least memory (Chen et al.
/// 2016, section 4.2).
///
/// A cast is another form of what it casts, and no border of its own: in mixed precision a residual
/// layer's result is read as it is by the next one, and widened by a norm.
final class Blocks {
    private final Graph forward;
    private final GraphIndex index;
    private final List<Node> path = new ArrayList<>();

    private Blocks(Graph forward) {
        this.forward = forward;
        this.index = forward.index();
        findPath();
    }

    /// The nodes after which a block ends, in order; without the prediction, and none for a graph
    /// without one.
    ///
    /// @param together how many blocks make one
    static List<Node> borders(Graph forward, int together) {
        List<Node> all = new Blocks(forward).borders();
        List<Node> thinned = new ArrayList<>();
        for (int i = together - 1; i < all.size(); i += together) {
            thinned.add(all.get(i));
        }
        return thinned;
    }

    /// The nodes between the examples and the prediction: neither what weights alone determine nor
    /// the loss.
    private void findPath() {
        Value prediction = forward.outputs().get("prediction");
        Set<Value> fed = ofExamples(forward);
        Set<Value> leading = new HashSet<>();
        if (prediction != null) {
            leading.add(prediction);
        }
        for (Node node : forward.nodes().reversed()) {
            if (node.results().stream().anyMatch(leading::contains)) {
                leading.addAll(node.operands());
                if (node.results().stream().anyMatch(fed::contains)
                        && !(node.op() instanceof Op.Leaf || node.op() instanceof Op.Cast)) {
                    path.addFirst(node);
                }
            }
        }
    }

    /// The values that hang on examples; weights alone determine the others.
    static Set<Value> ofExamples(Graph forward) {
        Set<Value> fed = new HashSet<>();
        for (Node node : forward.nodes()) {
            boolean examples =
                    node.op() instanceof Op.Input && node.result().type().shape().rank() > 0;
            if (examples || node.operands().stream().anyMatch(fed::contains)) {
                fed.addAll(node.results());
            }
        }
        return fed;
    }

    /// The node that computes a value, if that is a cast, what it casts.
    private Node origin(Value value) {
        Node node = index.definition(value);
        while (node.op() instanceof Op.Cast) {
            node = index.definition(node.operands().getFirst());
        }
        return node;
    }

    private List<Node> borders() {
        List<Integer> cuts = cuts();
        Set<Integer> borders = new HashSet<>();
        int from = 0;
        for (int cut : cuts) {
            boolean nested =
                    path.subList(from, cut + 1).stream().map(Node::layer).distinct().count() > 1;
            if (nested) {
                borders.add(from - 1);
                borders.add(cut);
            }
            from = cut + 1;
        }
        if (borders.isEmpty() && !cuts.isEmpty()) {
            int blocks = (int) Math.round(Math.sqrt(cuts.size()));
            for (int block = 1; block < blocks; block++) {
                borders.add(cuts.get(cuts.size() * block / blocks - 1));
            }
        }
        return borders.stream()
                .filter(i -> i >= 0 && i < path.size() - 1)
                .sorted()
                .map(path::get)
                .toList();
    }

    /// Positions in the path where a layer ends and nothing but its result is read later.
    private List<Integer> cuts() {
        Map<Node, Integer> lastRead = new HashMap<>();
        for (int i = 0; i < path.size(); i++) {
            for (Value operand : path.get(i).operands()) {
                lastRead.put(origin(operand), i);
            }
        }
        List<Integer> cuts = new ArrayList<>();
        int open = 0;
        for (int i = 0; i < path.size(); i++) {
            boolean last = i + 1 == path.size();
            if (open <= i && (last || !path.get(i).layer().equals(path.get(i + 1).layer()))) {
                cuts.add(i);
            }
            open = Math.max(open, lastRead.getOrDefault(path.get(i), i));
        }
        return cuts;
    }
}
