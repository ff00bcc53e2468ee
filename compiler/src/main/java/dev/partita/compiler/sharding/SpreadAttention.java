package dev.partita.compiler.sharding;

import dev.partita.compiler.ContextAttention;
import dev.partita.compiler.autodiff.TrainingGraph;
import dev.partita.dsl.graph.AttentionOp;
import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.mesh.DimSharding;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.mesh.Placement;
import dev.partita.dsl.problem.Origin;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.tensor.Shape;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/// Lets attention whose positions are sharded see the keys of other devices in the way that the
/// user chose. Nothing is to do for the gather: that keys are needed at every position is their
/// rule. In a ring, keys and values lie as the queries do. For an all-to-all, heads are sharded in
/// place of positions, between two borders: that the operands are exchanged before and the results
/// after follows from the placements (DeepSpeed-Ulysses, Jacobs et al. 2023).
///
/// An axis for which there are too few heads of keys shards the queries of each head instead; keys
/// and values then are gathered over it.
public final class SpreadAttention {
    private static final int POSITION = 1;
    private static final int HEADS = 2;
    private static final int QUERIES = 3;

    private final ShardedGraph sharded;
    private final Mesh mesh;
    private final ContextAttention way;
    private final Map<Value, Placement> placements;
    private final Map<Value, Map<Integer, Cause>> causes;
    private final Map<Value, Value> follows;
    private final Map<Value, String> again;
    private final List<Node> nodes = new ArrayList<>();
    private int nextId;

    private SpreadAttention(ShardedGraph sharded, ContextAttention way) {
        this.sharded = sharded;
        this.mesh = sharded.mesh();
        this.way = way;
        this.placements = new LinkedHashMap<>(sharded.placements());
        this.causes = new LinkedHashMap<>(sharded.causes());
        this.follows = new LinkedHashMap<>(sharded.training().follows());
        this.again = new LinkedHashMap<>(sharded.training().again());
        this.nextId = sharded.training().graph().nextId();
    }

    /// Spreads every attention whose positions are sharded.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `IndivisibleDim` if there are too few heads
    ///   for an all-to-all, with the other ways and what each costs
    public static ShardedGraph run(ShardedGraph sharded, ContextAttention way) {
        return switch (way) {
            case ContextAttention.Gather _ -> sharded;
            case ContextAttention.Ring _, ContextAttention.AllToAll _ ->
                    new SpreadAttention(sharded, way).spread();
        };
    }

    private ShardedGraph spread() {
        Graph graph = sharded.training().graph();
        for (Node node : graph.nodes()) {
            if (!isSpread(node)) {
                nodes.add(node);
            } else if (way instanceof ContextAttention.AllToAll exchange) {
                exchange(node, exchange);
            } else {
                nodes.add(
                        new Node(
                                inRing(node.op()),
                                node.operands(),
                                node.results(),
                                node.layer(),
                                node.origin()));
            }
        }
        TrainingGraph before = sharded.training();
        var training =
                new TrainingGraph(graph.withNodes(nodes), follows, before.gradients(), again);
        return new ShardedGraph(training, mesh, placements, causes);
    }

    private boolean isSpread(Node node) {
        boolean attends =
                node.op() instanceof AttentionOp.Attention
                        || node.op() instanceof AttentionOp.AttentionGrad;
        return attends && !positions(node).isWhole();
    }

    private DimSharding positions(Node node) {
        return sharded.placement(node.operands().getFirst()).dim(POSITION);
    }

    private static Op inRing(Op op) {
        return switch (op) {
            case AttentionOp.Attention(boolean causal, double scale, boolean _) ->
                    new AttentionOp.Attention(causal, scale, true);
            case AttentionOp.AttentionGrad(boolean causal, double scale, boolean _) ->
                    new AttentionOp.AttentionGrad(causal, scale, true);
            case Op other -> other;
        };
    }

    /// The same attention between borders, inside which heads are sharded.
    private void exchange(Node node, ContextAttention.AllToAll exchange) {
        Placement queries = byHeads(node, exchange);
        DimSharding whole = DimSharding.WHOLE;
        Placement keys =
                Placement.of(List.of(queries.dim(0), whole, queries.dim(HEADS), whole))
                        .at(queries.at());
        Placement logSums = Placement.of(queries.dims().subList(0, QUERIES + 1)).at(queries.at());
        boolean grad = node.op() instanceof AttentionOp.AttentionGrad;
        List<Value> operands =
                inside(
                        node.operands(),
                        List.of(queries, keys, keys, queries, logSums, queries),
                        exchange);
        List<Value> results =
                inside(
                        node.results(),
                        grad ? List.of(queries, keys, keys) : List.of(queries, logSums),
                        exchange);
        for (int i = 0; i < operands.size(); i++) {
            add(node, new Op.Border(), List.of(operands.get(i)), List.of(node.operands().get(i)));
        }
        add(node, node.op(), results, operands);
        for (int i = 0; i < results.size(); i++) {
            add(node, new Op.Border(), List.of(node.results().get(i)), List.of(results.get(i)));
        }
    }

    private void add(Node from, Op op, List<Value> results, List<Value> operands) {
        nodes.add(new Node(op, operands, results, from.layer(), from.origin()));
    }

    /// Where the queries lie once the axes of positions shard heads, as far as these divide, and
    /// else the queries of a head.
    private Placement byHeads(Node node, ContextAttention.AllToAll exchange) {
        Value q = node.operands().getFirst();
        Placement placement = sharded.placement(q).with(POSITION, DimSharding.WHOLE);
        for (String axis : positions(node).axes()) {
            Placement without = placement;
            placement =
                    Stream.of(HEADS, QUERIES)
                            .map(dim -> without.with(dim, without.dim(dim).and(List.of(axis))))
                            .filter(each -> divides(q.type().shape(), each))
                            .findFirst()
                            .orElseThrow(() -> tooFewHeads(node, exchange));
        }
        return placement;
    }

    private boolean divides(Shape shape, Placement placement) {
        return Stream.of(HEADS, QUERIES)
                .allMatch(dim -> shape.size(dim) % placement.dim(dim).stretches(mesh) == 0);
    }

    /// For each value a new one on the other side of a border, where it lies so.
    private List<Value> inside(
            List<Value> outside, List<Placement> at, ContextAttention.AllToAll exchange) {
        List<Value> inside = new ArrayList<>();
        for (int i = 0; i < outside.size(); i++) {
            Value value = outside.get(i);
            var border = new Value(nextId++, value.type());
            placements.put(border, at.get(i));
            causes.put(border, why(value, at.get(i), exchange));
            if (follows.containsKey(value)) {
                follows.put(border, follows.get(value));
            }
            if (again.containsKey(value)) {
                again.put(border, again.get(value));
            }
            inside.add(border);
        }
        return inside;
    }

    private Map<Integer, Cause> why(
            Value value, Placement inside, ContextAttention.AllToAll exchange) {
        Map<Integer, Cause> why = new LinkedHashMap<>();
        for (int dim = 0; dim < inside.dims().size(); dim++) {
            if (!inside.dim(dim).isWhole()) {
                boolean stays = inside.dim(dim).equals(sharded.placement(value).dim(dim));
                why.put(
                        dim,
                        stays
                                ? new Cause("it goes with " + value, Origin.UNKNOWN)
                                : new Cause(
                                        "it is sharded instead of positions, attention(allToAll())",
                                        exchange.origin()));
            }
        }
        return why;
    }

    private RuntimeException tooFewHeads(Node node, ContextAttention.AllToAll exchange) {
        Value q = node.operands().getFirst();
        int devices = mesh.size(positions(node).axes());
        long keys = bytes(node.operands().get(1)) + bytes(node.operands().get(2));
        return Problem.of(
                        ProblemCode.INDIVISIBLE_DIM,
                        "The heads of an attention do not divide over the devices that share its positions.")
                .fact("layer", node.layer())
                .fact("heads of keys", q.type().shape().dim(HEADS))
                .fact("queries of each", q.type().shape().dim(QUERIES))
                .fact("devices", devices + " (" + mesh + ")")
                .fact(
                        "attention(ring())",
                        "receives %,d bytes a device and step, holds %,d at once"
                                .formatted((3L * devices - 2) * keys, 2 * keys))
                .fact(
                        "attention(gather())",
                        "receives %,d bytes a device and step, holds %,d at once"
                                .formatted(2L * (devices - 1) * keys, devices * keys))
                .fix(
                        "attention(ring()), attention(gather()), or heads of keys that are a multiple of "
                                + devices)
                .at(exchange.origin())
                .exception();
    }

    private long bytes(Value value) {
        return sharded.placement(value).local(value.type(), mesh).bytes();
    }
}
