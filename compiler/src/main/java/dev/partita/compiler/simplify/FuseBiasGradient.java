package dev.partita.compiler.simplify;

import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.graph.GraphIndex;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.graph.Wide;
import dev.partita.dsl.tensor.Dim;
import dev.partita.dsl.tensor.Dtype;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.SequencedSet;

/// Lets a convolution's weight gradient, which reads all of `dy` anyway, also sum it for the bias:
/// `sum [0, 1, 2] dy` joins a later `conv2d-weight-grad dy x` of the same channels where nothing
/// between reads the sum. Two convolutions whose results are added have one `dy`, but a bias each.
public final class FuseBiasGradient {
    private static final Op OVER_POSITIONS = new Op.Sum(List.of(0, 1, 2));

    private FuseBiasGradient() {}

    /// The sum of a gradient for a bias of these channels.
    private record BiasSum(Value dy, List<Dim> channels) {
        static BiasSum of(Node sum) {
            return new BiasSum(
                    sum.operands().getFirst(), sum.results().getFirst().type().shape().dims());
        }

        static BiasSum besides(Node weightGradient) {
            List<Dim> dims = weightGradient.results().getFirst().type().shape().dims();
            return new BiasSum(weightGradient.operands().getFirst(), dims.subList(0, 1));
        }
    }

    public static Graph run(Graph graph) {
        GraphIndex index = graph.index();
        Map<BiasSum, Node> sums = new HashMap<>();
        SequencedSet<Node> nodes = new LinkedHashSet<>();
        for (Node node : graph.nodes()) {
            Node kept = node;
            if (Wide.inside(node.op()).equals(OVER_POSITIONS)) {
                sums.put(BiasSum.of(node), node);
            } else if (Wide.inside(node.op()) instanceof Op.Conv2dWeightGrad grad) {
                Node sum = sums.get(BiasSum.besides(node));
                if (sum != null
                        && dtype(sum) == dtype(node)
                        && Collections.disjoint(nodes, index.uses(sum.result()))) {
                    nodes.remove(sum);
                    kept = joint(grad, node, sum);
                }
            }
            nodes.add(kept);
        }
        return graph.withNodes(List.copyOf(nodes));
    }

    private static Dtype dtype(Node node) {
        return node.result().type().dtype();
    }

    private static Node joint(Op.Conv2dWeightGrad grad, Node weight, Node sum) {
        Op op = new Op.Conv2dWeightGrad(grad.window(), true, grad.to());
        return new Node(
                weight.op() instanceof Wide ? new Wide(op, List.of(dtype(weight), dtype(sum))) : op,
                weight.operands(),
                List.of(weight.result(), sum.result()),
                weight.layer(),
                weight.origin());
    }
}
