package dev.partita.compiler.partition;

import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Update;
import dev.partita.dsl.graph.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Joins the updates of weights that follow the same rule, with the same numbers, on the same
/// devices: one step updates them all, and their weights and states can lie side by side. An update
/// waits for others until something reads a weight that it changed, as the gather of a bucket of
/// new weights does, or the loss scale is changed, which ends a step.
public final class JoinUpdates {
    private final LocalGraph local;
    private final Map<List<Object>, List<Node>> open = new LinkedHashMap<>();
    private final Map<Value, List<Object>> openOf = new HashMap<>();
    private final List<Node> nodes = new ArrayList<>();

    private JoinUpdates(LocalGraph local) {
        this.local = local;
    }

    public static LocalGraph run(LocalGraph local) {
        return new JoinUpdates(local).join();
    }

    private LocalGraph join() {
        for (Node node : local.graph().nodes()) {
            if (node.op() instanceof Update.LossScaleStep) {
                List.copyOf(open.keySet()).forEach(this::close);
            }
            node.operands()
                    .forEach(operand -> {
                        List<Object> key = openOf.get(operand);
                        if (key != null) {
                            close(key);
                        }
                    });
            if (node.op() instanceof Update.Descent step) {
                List<Object> key = key(node, step);
                open.computeIfAbsent(key, _ -> new ArrayList<>()).add(node);
                node.results().forEach(result -> openOf.put(result, key));
            } else {
                nodes.add(node);
            }
        }
        open.values().forEach(group -> nodes.add(joined(group)));
        return local.with(local.graph().withNodes(nodes));
    }

    /// What updates have in common that are done together: their rule, their type, where they are
    /// done, and the operands that are no tensors of their weight.
    private List<Object> key(Node node, Update.Descent step) {
        Value weight = node.operands().getFirst();
        List<Value> shared = new ArrayList<>();
        for (int i = 2; i < step.arity(); i++) {
            if (!step.inPlace().contains(i)) {
                shared.add(node.operands().get(i));
            }
        }
        return List.of(
                step,
                weight.type().dtype(),
                local.block(node.results().getFirst()).placement().at(),
                shared);
    }

    /// Ends a group before what reads from it.
    private void close(List<Object> key) {
        List<Node> group = open.remove(key);
        if (group != null) {
            group.forEach(update -> update.results().forEach(openOf::remove));
            nodes.add(joined(group));
        }
    }

    private static Node joined(List<Node> group) {
        Node first = group.getFirst();
        if (group.size() == 1) {
            return first;
        }
        return new Node(
                new Update.Together((Update.Descent) first.op(), group.size()),
                group.stream().flatMap(node -> node.operands().stream()).toList(),
                group.stream().flatMap(node -> node.results().stream()).toList(),
                first.layer(),
                first.origin());
    }
}
