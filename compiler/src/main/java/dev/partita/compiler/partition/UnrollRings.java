package dev.partita.compiler.partition;

import dev.partita.compiler.partition.LocalGraph.Block;
import dev.partita.compiler.plan.MemoryUse;
import dev.partita.dsl.graph.AttentionOp;
import dev.partita.dsl.graph.Elementwise;
import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.mesh.Axis;
import dev.partita.dsl.mesh.DimSharding;
import dev.partita.dsl.mesh.Placement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Writes out attention in a ring (Ring Attention, Liu et al. 2023, algorithm 1): of `n` devices,
/// each attends to the block of keys and values in hand while the next block is on its way from the
/// device before it, `n` times, and merges what it gets. Backward, the gradients of a block go
/// round behind it, each device adding its own, and after `n` turns are home.
///
/// So a device holds its own block of keys and values, the one in hand and the one to come. A block
/// on its way is a value that lies turned: its region, and so the causal mask, follows from its
/// placement.
public final class UnrollRings {
    /// The dim of positions.
    private static final int POSITION = 1;

    private final LocalGraph local;
    private final Map<Value, Block> blocks;
    private final Map<Value, String> reasons;
    private final List<Node> nodes = new ArrayList<>();
    private int nextId;

    private UnrollRings(LocalGraph local) {
        this.local = local;
        this.blocks = new HashMap<>(local.blocks());
        this.reasons = new HashMap<>(local.reasons());
        this.nextId = local.graph().nextId();
    }

    public static LocalGraph run(LocalGraph local) {
        boolean any = local.graph().nodes().stream().anyMatch(node -> isRing(node.op()));
        return any ? new UnrollRings(local).unroll(local.graph()) : local;
    }

    private static boolean isRing(Op op) {
        return (op instanceof AttentionOp.Attention attention && attention.ring())
                || (op instanceof AttentionOp.AttentionGrad grad && grad.ring());
    }

    private LocalGraph unroll(Graph graph) {
        for (Node node : graph.nodes()) {
            if (!isRing(node.op())) {
                nodes.add(node);
            } else if (devices(node) == 1) {
                add(node, inHand(node.op()), node.results(), node.operands());
            } else if (node.op() instanceof AttentionOp.Attention) {
                forward(node);
            } else {
                backward(node);
            }
        }
        return new LocalGraph(graph.withNodes(nodes), local.mesh(), blocks, reasons);
    }

    private List<Axis> axes(Node node) {
        DimSharding positions = block(node.operands().get(1)).placement().dim(POSITION);
        return positions.axes().stream().map(local.mesh()::axis).toList();
    }

    private int devices(Node node) {
        return axes(node).stream().mapToInt(Axis::size).reduce(1, Math::multiplyExact);
    }

    /// The op on one block of keys.
    private static Op inHand(Op op) {
        return switch (op) {
            case AttentionOp.Attention(boolean causal, double scale, boolean _) ->
                    new AttentionOp.Attention(causal, scale);
            case AttentionOp.AttentionGrad(boolean causal, double scale, boolean _) ->
                    new AttentionOp.AttentionGrad(causal, scale);
            case Op other -> other;
        };
    }

    private void forward(Node node) {
        int devices = devices(node);
        Value q = node.operands().getFirst();
        List<Value> merged = List.of();
        List<Value> keys = node.operands().subList(1, 3);
        for (int turn = 0; turn < devices; turn++) {
            boolean last = turn == devices - 1;
            List<Value> inHand = keys;
            if (!last) {
                keys = fresh(inHand, turn + 1);
                rotate(node, inHand, keys, "meets", turn + 1, devices - 1);
            }
            List<Value> part = fresh(node.results(), 0);
            add(node, inHand(node.op()), part, List.of(q, inHand.getFirst(), inHand.getLast()));
            if (turn > 0) {
                List<Value> both = List.of(merged.get(0), merged.get(1), part.get(0), part.get(1));
                part = last ? node.results() : fresh(node.results(), 0);
                add(node, new AttentionOp.Merge(), part, both);
            }
            merged = part;
        }
    }

    private void backward(Node node) {
        int devices = devices(node);
        List<Value> in = node.operands();
        List<Value> own = node.results().subList(1, 3);
        Value dq = node.results().getFirst();
        List<Value> arrived = List.of();
        List<Value> keys = in.subList(1, 3);
        for (int turn = 0; turn < devices; turn++) {
            boolean last = turn == devices - 1;
            List<Value> operands = new ArrayList<>(in);
            operands.set(1, keys.getFirst());
            operands.set(2, keys.getLast());
            if (!last) {
                List<Value> next = fresh(keys, turn + 1);
                rotate(node, keys, next, "meets", turn + 1, devices - 1);
                keys = next;
            }
            Value part = fresh(node.results().getFirst(), 0);
            List<Value> sums = fresh(own, turn);
            add(node, inHand(node.op()), List.of(part, sums.get(0), sums.get(1)), operands);
            if (turn == 0) {
                dq = part;
            } else {
                dq = sum(node, part, dq, last ? node.results().getFirst() : fresh(part, 0));
                sums =
                        List.of(
                                sum(node, sums.get(0), arrived.get(0), fresh(own.get(0), turn)),
                                sum(node, sums.get(1), arrived.get(1), fresh(own.get(1), turn)));
            }
            arrived = last ? own : fresh(own, turn + 1);
            rotate(node, sums, arrived, "is added up by", turn + 1, devices);
        }
    }

    /// Adds a summand. The sum so far comes second, so that a chain of sums is not fused, which
    /// would keep all summands.
    private Value sum(Node node, Value summand, Value sum, Value result) {
        add(node, new Elementwise.Add(), List.of(result), List.of(summand, sum));
        return result;
    }

    private void rotate(
            Node node, List<Value> from, List<Value> to, String why, int turn, int turns) {
        var op = new Reshard.Rotate(axes(node), POSITION);
        String again = local.reasons().getOrDefault(node.results().getFirst(), "");
        for (int i = 0; i < from.size(); i++) {
            Block block = block(from.get(i));
            reasons.put(
                    to.get(i),
                    "%s because %s %s %s %s, turn %d of %d%s"
                            .formatted(
                                    op,
                                    block.whole(),
                                    block.placement(),
                                    why,
                                    node.op(),
                                    turn,
                                    turns,
                                    again.isEmpty() ? "" : "; " + again));
        }
        add(node, op, to, from);
    }

    /// New values that lie as these do, but turned so often.
    private List<Value> fresh(List<Value> like, int turn) {
        return like.stream().map(value -> fresh(value, turn)).toList();
    }

    private Value fresh(Value like, int turn) {
        Block block = block(like);
        Placement placement = block.placement();
        placement = placement.with(POSITION, placement.dim(POSITION).turnedTo(turn));
        var value = new Value(nextId++, like.type());
        blocks.put(value, new Block(block.whole(), placement, MemoryUse.BUFFERS));
        return value;
    }

    private Block block(Value value) {
        Block block = blocks.get(value);
        if (block == null) {
            throw new IllegalArgumentException("no block " + value);
        }
        return block;
    }

    private void add(Node from, Op op, List<Value> results, List<Value> operands) {
        nodes.add(new Node(op, operands, results, from.layer(), from.origin()));
    }
}
