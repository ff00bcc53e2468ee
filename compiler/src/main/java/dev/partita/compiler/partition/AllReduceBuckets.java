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

/// Joins all-reduces over the same axes into buckets, and starts each bucket as soon as its last
/// summand is computed, so that gradients travel while backward goes on (Li et al. 2020, PyTorch
/// Distributed, section 3.2).
///
/// A bucket holds only what nothing else reads, so that the summands can lie side by side and be
/// summed in place.
public final class AllReduceBuckets {
    private final Graph graph;
    private final long limit;
    private final Map<Value, Integer> definedAt = new HashMap<>();
    private final Map<Value, Integer> firstReadAt = new HashMap<>();
    private final GraphIndex index;

    private AllReduceBuckets(Graph graph, long limit) {
        this.graph = graph;
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

    /// Joins the all-reduces of a device's program.
    ///
    /// @param limit size of a bucket in bytes at which it takes no more
    public static LocalGraph run(LocalGraph local, long limit) {
        return local.with(new AllReduceBuckets(local.graph(), limit).join());
    }

    /// All-reduces that will be one, ready once node `ready` has run and read first by node
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
            startsAfter.getOrDefault(i, List.of()).forEach(b -> nodes.add(joined(b)));
        }
        return graph.withNodes(nodes);
    }

    private List<Bucket> fill() {
        List<Node> reduces = new ArrayList<>(graph.nodesOf(Reshard.AllReduce.class).toList());
        reduces.sort((a, b) -> Integer.compare(ready(a), ready(b)));
        List<Bucket> buckets = new ArrayList<>();
        Map<List<Object>, Bucket> open = new LinkedHashMap<>();
        for (Node node : reduces) {
            Value summand = node.operands().getFirst();
            List<Object> key = List.of(node.op(), summand.type().dtype());
            long bytes = summand.type().bytes();
            int deadline = firstReadAt.getOrDefault(node.result(), Integer.MAX_VALUE);
            Bucket bucket = isBucketable(summand) ? open.get(key) : null;
            if (bucket == null || !bucket.takes(bytes, ready(node), deadline, limit)) {
                bucket = new Bucket();
                buckets.add(bucket);
                if (isBucketable(summand)) {
                    open.put(key, bucket);
                }
            }
            bucket.add(node, bytes, ready(node), deadline);
        }
        return buckets;
    }

    private int ready(Node reduce) {
        return definedAt.getOrDefault(reduce.operands().getFirst(), 0);
    }

    /// True for a value that a kernel writes for this one reader: it may be computed straight into
    /// the bucket.
    private boolean isBucketable(Value summand) {
        Op source = graph.nodes().get(definedAt.getOrDefault(summand, 0)).op();
        boolean written =
                !(source instanceof Op.Leaf)
                        && !(source instanceof Op.Flatten)
                        && !(source instanceof Op.Unflatten)
                        && !(source instanceof Op.MicroBatch)
                        && !(source instanceof Reshard.AllReduce);
        return written && index.isReadOnce(summand);
    }

    private static Node joined(Bucket bucket) {
        Node first = bucket.members.getFirst();
        return new Node(
                first.op(),
                bucket.members.stream().map(m -> m.operands().getFirst()).toList(),
                bucket.members.stream().map(Node::result).toList(),
                first.layer(),
                first.origin());
    }
}
