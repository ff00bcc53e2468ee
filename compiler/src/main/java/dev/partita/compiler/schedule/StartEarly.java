package dev.partita.compiler.schedule;

import dev.partita.compiler.partition.Buckets;
import dev.partita.compiler.partition.LocalGraph;
import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.graph.GraphIndex;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.graph.Update;
import dev.partita.dsl.graph.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.SequencedSet;
import java.util.Set;

/// Moves every collective to where it is first of use. One on computed values starts right after
/// the last of them is there. Those on stored weights, cast or not, could all start at once, but
/// then all gathered weights would lie in memory together; so those that stand together before
/// their first reader form a group, and a group starts before the first reader of the group before
/// it: one layer ahead (the prefetch of FSDP, Zhao et al. 2023, section 3.3.2). What does the same
/// in one group is joined to buckets.
///
/// A rotation stays where it is: started before the work on the block in hand, one block ahead. As
/// soon as possible, all blocks would come round before any of the work.
///
/// So does one on what another stage sent: started when that stage has it, it would let this one
/// wait before actions that it can do meanwhile.
///
/// Gathered new weights are stored once the gather after theirs has started.
public final class StartEarly {
    private final LocalGraph local;
    private final Graph graph;
    private final GraphIndex index;
    private final long limit;
    private final Map<Node, List<Node>> startBefore = new HashMap<>();
    private final Map<Value, List<Waiting>> waiting = new HashMap<>();
    private final Map<Value, List<Node>> storedFrom = new HashMap<>();
    private List<Node> gatheredBefore = List.of();
    private final Set<Node> moved = new HashSet<>();
    private final SequencedSet<Node> order = new LinkedHashSet<>();

    private StartEarly(LocalGraph local, long limit) {
        this.local = local;
        this.graph = local.graph();
        this.limit = limit;
        this.index = graph.index();
    }

    /// Reorders a device's program.
    ///
    /// @param limit size in bytes at which a bucket takes no more
    public static LocalGraph run(LocalGraph local, long limit) {
        return local.with(new StartEarly(local, limit).reorder());
    }

    /// A collective on computed values, and how many of them are still missing.
    private static final class Waiting {
        final Node node;
        long missing;

        Waiting(Node node) {
            this.node = node;
            this.missing = node.operands().stream().distinct().count();
        }
    }

    private Graph reorder() {
        group();
        graph.nodesOf(Reshard.Collective.class)
                .filter(n -> !moved.contains(n) && !(n.op() instanceof Reshard.Rotate))
                .filter(n -> n.operands().stream().noneMatch(this::isSent))
                .forEach(this::hold);
        Set<Node> changing = afterCheck();
        graph.nodesOf(Update.Store.class)
                .filter(n -> isAfterCheck(n.operands().getLast(), changing))
                .forEach(this::holdStore);
        for (Node node : graph.nodes()) {
            startBefore.getOrDefault(node, List.of()).forEach(this::emitWithSource);
            if (!moved.contains(node)) {
                emit(node);
            }
        }
        order.addAll(gatheredBefore);
        return graph.withNodes(List.copyOf(order));
    }

    /// What follows the last check that the step is finite. Only there may a store move: one of a
    /// value that forward computed, such as a running average, would else change state in a step
    /// that the check then ends.
    private Set<Node> afterCheck() {
        Set<Node> after = new HashSet<>();
        for (Node node : graph.nodes().reversed()) {
            if (node.op() instanceof Op.RequireFinite) {
                return after;
            }
            after.add(node);
        }
        return after;
    }

    /// A collective is started as soon as its operands are there, wherever it stands.
    private boolean isAfterCheck(Value value, Set<Node> changing) {
        Node definition = index.definition(value);
        return definition.op() instanceof Reshard.Collective
                ? definition.operands().stream().allMatch(v -> isAfterCheck(v, changing))
                : changing.contains(definition);
    }

    private void emitWithSource(Node node) {
        for (Value operand : node.operands()) {
            Node source = index.definition(operand);
            if (!(source.op() instanceof Reshard.Collective)) {
                emitWithSource(source);
            }
        }
        emit(node);
    }

    private boolean isSent(Value value) {
        return index.definition(value).op() instanceof Reshard.Send;
    }

    private static boolean isStored(Node node) {
        return node.op() instanceof Op.Input
                || node.op() instanceof Op.Parameter
                || node.op() instanceof Op.State;
    }

    private boolean isCastOfStored(Node node) {
        return node.op() instanceof Op.Cast
                && isStored(index.definition(node.operands().getFirst()));
    }

    /// Groups the collectives on stored values, and on what such collectives made of them.
    private void group() {
        Set<Value> stored = new HashSet<>();
        Set<Value> unread = new HashSet<>();
        List<Node> group = new ArrayList<>();
        Node readerBefore = graph.nodes().getFirst();
        for (Node node : graph.nodes()) {
            if (isStored(node)) {
                stored.addAll(node.results());
            } else if (node.op() instanceof Reshard.Collective
                    && stored.containsAll(node.operands())) {
                stored.addAll(node.results());
                unread.addAll(node.results());
                group.add(node);
                moved.add(node);
            } else if (isCastOfStored(node)) {
                stored.addAll(node.results());
            } else if (node.operands().stream().anyMatch(unread::contains)) {
                startBefore
                        .computeIfAbsent(readerBefore, _ -> new ArrayList<>())
                        .addAll(join(group));
                readerBefore = node;
                unread.clear();
                group.clear();
            }
        }
        // what only an output reads
        startBefore.computeIfAbsent(readerBefore, _ -> new ArrayList<>()).addAll(join(group));
    }

    /// Members that do the same and wait for nothing become buckets; what goes on with their
    /// results follows.
    private List<Node> join(List<Node> group) {
        Map<List<Object>, List<Node>> open = new HashMap<>();
        List<List<Node>> buckets = new ArrayList<>();
        List<Node> chained = new ArrayList<>();
        for (Node node : group) {
            Value value = node.operands().getFirst();
            if (index.definition(value).op() instanceof Reshard.Collective) {
                chained.add(node);
            } else {
                List<Object> key = Buckets.key(local, node);
                List<Node> bucket = open.get(key);
                if (bucket == null || bytes(bucket) + Buckets.bytes(node) > limit) {
                    bucket = new ArrayList<>();
                    buckets.add(bucket);
                    open.put(key, bucket);
                }
                bucket.add(node);
            }
        }
        List<Node> joined = new ArrayList<>(buckets.stream().map(Buckets::joined).toList());
        joined.addAll(chained);
        return joined;
    }

    private static long bytes(List<Node> bucket) {
        return bucket.stream().mapToLong(Buckets::bytes).sum();
    }

    private void holdStore(Node store) {
        moved.add(store);
        storedFrom.computeIfAbsent(store.operands().getLast(), _ -> new ArrayList<>()).add(store);
    }

    private void hold(Node node) {
        moved.add(node);
        var waits = new Waiting(node);
        node.operands().stream()
                .distinct()
                .forEach(v -> waiting.computeIfAbsent(v, _ -> new ArrayList<>()).add(waits));
    }

    /// Appends a node unless it is there, and after it every collective that waited for it alone.
    private void emit(Node node) {
        if (!order.add(node)) {
            return;
        }
        List<Node> stores =
                node.results().stream()
                        .flatMap(v -> storedFrom.getOrDefault(v, List.of()).stream())
                        .toList();
        if (!stores.isEmpty()) {
            order.addAll(gatheredBefore);
            gatheredBefore = stores;
        }
        for (Value result : node.results()) {
            for (Waiting waits : waiting.getOrDefault(result, List.of())) {
                waits.missing--;
                if (waits.missing == 0) {
                    emit(waits.node);
                }
            }
        }
    }
}
