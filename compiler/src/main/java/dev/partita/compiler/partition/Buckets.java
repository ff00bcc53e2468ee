package dev.partita.compiler.partition;

import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.graph.GraphIndex;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.graph.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Joins collectives of one kind over the same axes into buckets, and starts each bucket as soon as
/// its last value is computed, so that gradients travel while backward goes on (Li et al. 2020,
/// PyTorch Distributed, section 3.2): the sums of gradients, scattered or not, and the gathers of
/// new weights. Gathers of stored weights are left alone: they wait for nothing, and when they
/// start is decided later. Those of what another stage sent are left alone, too: started when that
/// stage has it, they would let this one wait before actions that it can do meanwhile.
///
/// A bucket of all-reduces holds only what nothing else reads, so that the summands can lie side by
/// side and be summed in place.
public final class Buckets {
    private static final List<Class<? extends Reshard.Collective>> KINDS =
            List.of(
                    Reshard.ReduceScatter.class,
                    Reshard.Reduce.class,
                    Reshard.AllReduce.class,
                    Reshard.AllGather.class);

    private final LocalGraph local;
    private final Graph graph;
    private final Class<? extends Reshard.Collective> kind;
    private final long limit;
    private final Map<Value, Integer> definedAt = new HashMap<>();
    private final Map<Value, Integer> firstReadAt = new HashMap<>();
    private final GraphIndex index;

    private Buckets(LocalGraph local, Class<? extends Reshard.Collective> kind, long limit) {
        this.local = local;
        this.graph = local.graph();
        this.kind = kind;
        this.limit = limit;
        this.index = graph.index();
        for (int i = 0; i < graph.nodes().size(); i++) {
            Node node = graph.nodes().get(i);
            for (Value operand : node.operands()) {
                firstReadAt.putIfAbsent(operand, i);
            }
            for (Value result : node.results()) {
                definedAt.put(result, i);
            }
        }
    }

    /// Joins the collectives of a device's program.
    ///
    /// @param limit size of a bucket in bytes at which it takes no more
    public static LocalGraph run(LocalGraph local, long limit) {
        // sums that go to one device or part first: they may be summed over another axis after that
        LocalGraph joined = local;
        for (Class<? extends Reshard.Collective> kind : KINDS) {
            joined = joined.with(new Buckets(joined, kind, limit).join());
        }
        return joined;
    }

    /// Collectives that will be one, ready once node `ready` has run and read first by node
    /// `deadline`.
    private static final class Bucket {
        final List<Node> members = new ArrayList<>();
        int ready;
        int deadline = Integer.MAX_VALUE;
        long bytes;

        boolean takes(long more, int itsReady, int itsDeadline, long limit) {
            return bytes + more <= limit && itsReady < Math.min(deadline, itsDeadline);
        }

        void add(Node member, long more, int itsReady, int itsDeadline) {
            members.add(member);
            ready = Math.max(ready, itsReady);
            deadline = Math.min(deadline, itsDeadline);
            bytes += more;
        }
    }

    private Graph join() {
        List<Bucket> buckets = fill();
        Map<Node, Bucket> memberOf = new HashMap<>();
        Map<Integer, List<Bucket>> startsAfter = new HashMap<>();
        for (Bucket bucket : buckets) {
            bucket.members.forEach(m -> memberOf.put(m, bucket));
            startsAfter.computeIfAbsent(bucket.ready, _ -> new ArrayList<>()).add(bucket);
        }
        List<Node> nodes = new ArrayList<>();
        for (int i = 0; i < graph.nodes().size(); i++) {
            Node node = graph.nodes().get(i);
            if (!memberOf.containsKey(node)) {
                nodes.add(node);
            }
            startsAfter.getOrDefault(i, List.of()).forEach(b -> nodes.add(joined(b.members)));
        }
        return graph.withNodes(nodes);
    }

    private List<Bucket> fill() {
        List<Node> members =
                new ArrayList<>(
                        graph.nodesOf(kind)
                                .filter(n -> !isOfStored(n.operands().getFirst()))
                                .filter(n -> !isSent(n.operands().getFirst()))
                                .toList());
        members.sort((a, b) -> Integer.compare(ready(a), ready(b)));
        List<Bucket> buckets = new ArrayList<>();
        Map<List<Object>, Bucket> open = new LinkedHashMap<>();
        for (Node node : members) {
            Value value = node.operands().getFirst();
            List<Object> key = key(local, node);
            long bytes = bytes(node);
            int deadline = firstReadAt.getOrDefault(node.result(), Integer.MAX_VALUE);
            Bucket bucket = isBucketable(value) ? open.get(key) : null;
            if (bucket == null || !bucket.takes(bytes, ready(node), deadline, limit)) {
                bucket = new Bucket();
                buckets.add(bucket);
                if (isBucketable(value)) {
                    open.put(key, bucket);
                }
            }
            bucket.add(node, bytes, ready(node), deadline);
        }
        return buckets;
    }

    /// What collectives of one value have in common that can be one: they do the same to the same
    /// type of numbers on the same devices.
    public static List<Object> key(LocalGraph local, Node collective) {
        Value value = collective.operands().getFirst();
        return List.of(collective.op(), value.type().dtype(), local.block(value).placement().at());
    }

    /// What a collective of one value takes, before or after, whichever is more.
    public static long bytes(Node collective) {
        return Math.max(
                collective.operands().getFirst().type().bytes(),
                collective.result().type().bytes());
    }

    private boolean isOfStored(Value value) {
        Node source = index.definition(value);
        boolean passes =
                source.op() instanceof Op.Cast
                        || source.op() instanceof Reshard.AllGather
                        || source.op() instanceof Reshard.Broadcast;
        return source.op() instanceof Op.Leaf
                || (passes && isOfStored(source.operands().getFirst()));
    }

    private boolean isSent(Value value) {
        return index.definition(value).op() instanceof Reshard.Send;
    }

    private int ready(Node collective) {
        return definedAt.getOrDefault(collective.operands().getFirst(), 0);
    }

    /// True for what need not lie side by side, and for a value that a kernel writes for this one
    /// reader: it may be computed straight into the bucket.
    private boolean isBucketable(Value value) {
        if (kind != Reshard.AllReduce.class) {
            return true;
        }
        Op source = graph.nodes().get(definedAt.getOrDefault(value, 0)).op();
        boolean written =
                !(source instanceof Op.Leaf)
                        && !(source instanceof Op.Flatten)
                        && !(source instanceof Op.Unflatten)
                        && !(source instanceof Op.MicroBatch)
                        && !(source instanceof Reshard.Broadcast)
                        && !(source instanceof Reshard.AllReduce);
        return written && index.isReadOnce(value);
    }

    /// Collectives that do the same, as one.
    public static Node joined(List<Node> members) {
        Node first = members.getFirst();
        return new Node(
                first.op(),
                members.stream().map(m -> m.operands().getFirst()).toList(),
                members.stream().map(Node::result).toList(),
                first.layer(),
                first.origin());
    }
}
