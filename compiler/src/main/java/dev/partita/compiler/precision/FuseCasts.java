package dev.partita.compiler.precision;

import dev.partita.dsl.graph.AttentionOp;
import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.graph.GraphIndex;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.graph.Wide;
import dev.partita.dsl.tensor.Dtype;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Lets ops that sum in `f32` read and store half floats themselves, in place of casts around them:
/// what was only widened for such ops they widen themselves, and what was stored only to be rounded
/// they round. So is the result of attention, although its gradient reads it too, for a sum (as in
/// FlashAttention-2, Dao 2023).
public final class FuseCasts {
    private FuseCasts() {}

    public static Graph run(Graph graph) {
        Graph fused = rename(graph, halvesRead(graph));
        return rename(fused, halvesStored(fused));
    }

    /// What was widened for readers that may as well widen it themselves.
    private static Map<Value, Value> halvesRead(Graph graph) {
        GraphIndex index = graph.index();
        Map<Value, Value> names = new HashMap<>();
        graph.nodesOf(Op.Cast.class)
                .filter(cast -> isWidening(cast) && !isOutput(cast.result(), graph))
                .filter(cast ->
                        index.uses(cast.result()).stream()
                                .allMatch(n -> PrecisionPolicy.readsHalf(n.op())))
                .forEach(cast -> names.put(cast.result(), cast.operands().getFirst()));
        return names;
    }

    /// What was stored in f32 only to be rounded.
    private static Map<Value, Value> halvesStored(Graph graph) {
        GraphIndex index = graph.index();
        Map<Value, Value> names = new HashMap<>();
        for (Node node : graph.nodes()) {
            for (Value result :
                    PrecisionPolicy.storesHalf(node.op()) ? node.results() : List.<Value>of()) {
                List<Node> readers = index.uses(result);
                List<Node> casts = readers.stream().filter(FuseCasts::isRounding).toList();
                boolean only =
                        readers.stream()
                                .allMatch(n -> casts.contains(n) || isGradientOf(result, n));
                if (!casts.isEmpty() && only && !isOutput(result, graph)) {
                    Value stored = casts.getFirst().result();
                    names.put(result, stored);
                    casts.forEach(cast -> names.put(cast.result(), stored));
                }
            }
        }
        return names;
    }

    /// The graph with other names for some values: casts between two that are now one are gone, and
    /// ops whose types changed are computed wide.
    private static Graph rename(Graph graph, Map<Value, Value> names) {
        if (names.isEmpty()) {
            return graph;
        }
        List<Node> nodes = new ArrayList<>();
        for (Node node : graph.nodes()) {
            List<Value> operands = renamed(node.operands(), names);
            List<Value> results = renamed(node.results(), names);
            boolean gone = node.op() instanceof Op.Cast && operands.equals(results);
            if (!gone) {
                boolean same =
                        dtypes(operands).equals(dtypes(node.operands()))
                                && dtypes(results).equals(dtypes(node.results()));
                Op op = same ? node.op() : new Wide(Wide.inside(node.op()), stored(results));
                nodes.add(new Node(op, operands, results, node.layer(), node.origin()));
            }
        }
        return graph.withNodes(nodes);
    }

    private static List<Value> renamed(List<Value> values, Map<Value, Value> names) {
        return values.stream().map(v -> names.getOrDefault(v, v)).toList();
    }

    private static List<Dtype> dtypes(List<Value> values) {
        return values.stream().map(v -> v.type().dtype()).toList();
    }

    private static List<Dtype> stored(List<Value> results) {
        return dtypes(results).stream().filter(Dtype::isFloating).toList();
    }

    private static boolean isWidening(Node node) {
        return node.op().equals(new Op.Cast(Dtype.F32))
                && node.operands().getFirst().type().dtype().bytes() < Dtype.F32.bytes();
    }

    private static boolean isRounding(Node node) {
        return node.op() instanceof Op.Cast(Dtype to)
                && to.bytes() < Dtype.F32.bytes()
                && node.operands().getFirst().type().dtype() == Dtype.F32;
    }

    private static boolean isOutput(Value value, Graph graph) {
        return graph.outputs().containsValue(value);
    }

    /// True if `reader` is the gradient of an attention of this result.
    private static boolean isGradientOf(Value result, Node reader) {
        return Wide.inside(reader.op()) instanceof AttentionOp.AttentionGrad
                && reader.operands().indexOf(result) == 3;
    }
}
