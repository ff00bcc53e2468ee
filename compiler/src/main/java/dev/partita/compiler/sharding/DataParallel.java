package dev.partita.compiler.sharding;

import dev.partita.compiler.DataParallelRequest;
import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.graph.GraphIndex;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.mesh.Coordinate;
import dev.partita.dsl.mesh.Mesh;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.Set;

/// Draws the borders of `torch.nn.DataParallel` in a forward graph: weights and examples live on
/// the first device of an axis, are sent to all for every step, and the prediction is brought back
/// to where the labels are and the loss is computed.
///
/// Nothing else is needed. The gradient of a relocation is the way back: gradients of the
/// prediction are sent out, those of weights come home and are summed, and the optimizer is where
/// they are. That the examples are then scattered, the weights broadcast, the prediction gathered
/// and the gradients reduced follows from the placements.
public final class DataParallel {
    private final Graph forward;
    private final GraphIndex index;
    private final List<Coordinate> home;
    private final Set<Value> atHome = new HashSet<>();
    private final Map<Value, Value> moved = new HashMap<>();
    private final SequencedSet<Node> nodes = new LinkedHashSet<>();
    private int nextId;

    private DataParallel(Graph forward, List<Coordinate> home) {
        this.forward = forward;
        this.index = forward.index();
        this.home = home;
        this.nextId = forward.nextId();
    }

    /// Draws the borders as asked; without a request, or over axes of one device, nothing changes.
    public static Graph run(Graph forward, Mesh mesh, Optional<DataParallelRequest> request) {
        List<Coordinate> home =
                request.stream()
                        .flatMap(r -> r.axes().stream())
                        .filter(axis -> mesh.size(axis) > 1)
                        .map(axis -> new Coordinate(axis, 0))
                        .toList();
        return home.isEmpty() ? forward : new DataParallel(forward, home).draw();
    }

    private Graph draw() {
        findHome();
        for (Node node : forward.nodes()) {
            boolean leaf = node.op() instanceof Op.Leaf;
            boolean here = !leaf && atHome.containsAll(node.results());
            List<Value> operands =
                    node.operands().stream().map(v -> leaf ? v : operand(v, here)).toList();
            nodes.add(new Node(node.op(), operands, node.results(), node.layer(), node.origin()));
        }
        Map<String, Value> outputs = new LinkedHashMap<>(forward.outputs());
        outputs.computeIfPresent("prediction", (_, value) -> operand(value, true));
        return new Graph(forward.name(), forward.nodes(), outputs).withNodes(List.copyOf(nodes));
    }

    /// Weights, states, examples and labels are at home, and so is what is computed from the
    /// prediction or from the labels.
    private void findHome() {
        Value prediction = forward.output("prediction");
        Set<Value> leading = leadingTo(prediction);
        Set<Value> after = new HashSet<>(Set.of(prediction));
        for (Node node : forward.nodes()) {
            switch (node.op()) {
                case Op.Parameter _, Op.State _ -> atHome.addAll(node.results());
                case Op.Input(var _, var type) when type.shape().rank() > 0 -> {
                    atHome.addAll(node.results());
                    if (!leading.contains(node.result())) {
                        after.addAll(node.results());
                    }
                }
                case Op.Leaf _ -> {}
                case Op _ -> {
                    if (node.operands().stream().anyMatch(after::contains)) {
                        after.addAll(node.results());
                        atHome.addAll(node.results());
                    }
                }
            }
        }
    }

    private Set<Value> leadingTo(Value value) {
        Set<Value> leading = new HashSet<>(Set.of(value));
        for (Node node : forward.nodes().reversed()) {
            if (node.results().stream().anyMatch(leading::contains)) {
                leading.addAll(node.operands());
            }
        }
        return leading;
    }

    /// What a node at home, or one of all devices, reads of a value. Numbers that every device is
    /// fed are where they are read.
    private Value operand(Value value, boolean here) {
        Node source = index.definition(value);
        boolean free = source.op() instanceof Op.Leaf && !atHome.contains(value);
        if (free || atHome.contains(value) == here) {
            return value;
        }
        if (source.op() instanceof Op.Parameter) {
            forward.nodesOf(Op.Parameter.class)
                    .filter(weight -> weight.layer().equals(source.layer()))
                    .forEach(weight -> relocate(weight, weight.result(), here));
        }
        return relocate(source, value, here);
    }

    /// A value under the name that it has elsewhere. The weights of a layer are sent before all
    /// that it computes, so that their gradients come back behind all that backward computes of it.
    private Value relocate(Node source, Value value, boolean here) {
        Value known = moved.get(value);
        if (known != null) {
            return known;
        }
        var op =
                here
                        ? new Reshard.Relocate(List.of(), home)
                        : new Reshard.Relocate(home, List.of());
        var result = new Value(nextId++, value.type());
        if (source.op() instanceof Op.Leaf) {
            nodes.add(source);
        }
        nodes.add(new Node(op, List.of(value), List.of(result), source.layer(), source.origin()));
        moved.put(value, result);
        return result;
    }
}
