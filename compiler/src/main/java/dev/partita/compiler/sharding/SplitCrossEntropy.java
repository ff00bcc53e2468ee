package dev.partita.compiler.sharding;

import dev.partita.compiler.autodiff.TrainingGraph;
import dev.partita.dsl.graph.Elementwise;
import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.RowOp;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.mesh.DimSharding;
import dev.partita.dsl.mesh.Placement;
import dev.partita.dsl.problem.Origin;
import dev.partita.dsl.tensor.Dim;
import dev.partita.dsl.tensor.Shape;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The cross-entropy of logits whose classes are sharded, without gathering them (Megatron-LM,
/// Shoeybi et al. 2019, section 3): `cross-entropy(x, labels)` becomes `log-sum-exp(log-sum-exp of
/// each device's classes) - sum of pick-logit(x, labels)`. Per row one number a device is gathered
/// and one is summed. No maximum is needed beside them: the log-sum-exp of log-sum-exps is exact at
/// any magnitude.
public final class SplitCrossEntropy {
    private final ShardedGraph sharded;
    private final Map<Value, Placement> placements;
    private final Map<Value, Map<Integer, Cause>> causes;
    private final List<Node> nodes = new ArrayList<>();
    private int nextId;

    private SplitCrossEntropy(ShardedGraph sharded) {
        this.sharded = sharded;
        this.placements = new LinkedHashMap<>(sharded.placements());
        this.causes = new LinkedHashMap<>(sharded.causes());
        this.nextId = sharded.training().graph().nextId();
    }

    public static ShardedGraph run(ShardedGraph sharded) {
        Graph graph = sharded.training().graph();
        return graph.nodesOf(Op.CrossEntropy.class)
                        .allMatch(node -> classes(sharded, node).isWhole())
                ? sharded
                : new SplitCrossEntropy(sharded).split(graph);
    }

    private static DimSharding classes(ShardedGraph sharded, Node node) {
        return sharded.placement(node.operands().getFirst()).dims().getLast();
    }

    private ShardedGraph split(Graph graph) {
        for (Node node : graph.nodes()) {
            if (node.op() instanceof Op.CrossEntropy(double smoothing)
                    && !classes(sharded, node).isWhole()) {
                split(node, smoothing);
            } else {
                nodes.add(node);
            }
        }
        TrainingGraph before = sharded.training();
        var training =
                new TrainingGraph(
                        graph.withNodes(nodes),
                        before.follows(),
                        before.gradients(),
                        before.again());
        return new ShardedGraph(training, sharded.mesh(), placements, causes);
    }

    private void split(Node node, double smoothing) {
        Value logits = node.operands().get(0);
        Value labels = node.operands().get(1);
        Value loss = node.results().get(0);
        Value logSum = node.results().get(1);
        Shape shape = logits.type().shape();
        int last = shape.rank() - 1;
        int parts = classes(sharded, node).stretches(sharded.mesh());
        Shape byPart = shape.with(last, new Dim(shape.dim(last).name(), parts));
        Value partSums = new Value(nextId++, logits.type().withShape(byPart));
        Value picked = new Value(nextId++, loss.type());
        place(partSums, sharded.placement(logits), logits);
        place(picked, sharded.placement(loss), loss);
        add(node, new RowOp.LogSumExp(byPart), partSums, logits);
        add(node, new RowOp.LogSumExp(logSum.type().shape()), logSum, partSums);
        add(node, new RowOp.PickLogit(smoothing), picked, logits, labels);
        add(node, new Elementwise.Subtract(), loss, logSum, picked);
    }

    private void place(Value value, Placement placement, Value like) {
        placements.put(value, placement);
        Map<Integer, Cause> why = new LinkedHashMap<>();
        sharded.causes()
                .getOrDefault(like, Map.of())
                .forEach((dim, _) ->
                        why.put(dim, new Cause("it goes with " + like, Origin.UNKNOWN)));
        causes.put(value, why);
    }

    private void add(Node from, Op op, Value result, Value... operands) {
        nodes.add(new Node(op, List.of(operands), List.of(result), from.layer(), from.origin()));
    }
}
