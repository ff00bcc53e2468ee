package dev.partita.compiler.pipeline;

import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.graph.GraphIndex;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.graph.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Draws the borders between the stages of a pipeline in a forward graph: what crosses one is sent
/// from stage to stage. A weight lives in the first stage that reads it; another stage that reads
/// it too, as a tied embedding does, is sent it once a step.
///
/// Nothing else is needed. The gradient of a relocation is the way back, and whatever is computed
/// from values of a stage lives there.
public final class DrawStages {
    private final Stages stages;
    private final GraphIndex index;
    private final Map<Value, Integer> home = new HashMap<>();
    private final Map<Value, Map<Integer, Value>> at = new HashMap<>();
    private final List<Node> nodes = new ArrayList<>();
    private int nextId;

    private DrawStages(Graph forward, Stages stages) {
        this.stages = stages;
        this.index = forward.index();
        this.nextId = forward.nextId();
    }

    /// The same graph with what is sent between the stages, if there are any.
    public static Graph run(Graph forward, Optional<Stages> stages) {
        return stages.map(cut -> new DrawStages(forward, cut).draw(forward)).orElse(forward);
    }

    private Graph draw(Graph forward) {
        for (Node node : forward.nodes()) {
            if (node.op() instanceof Op.Leaf) {
                nodes.add(node);
                continue;
            }
            int stage = stages.stage(node);
            List<Value> operands =
                    node.operands().stream().map(value -> operand(value, stage)).toList();
            nodes.add(new Node(node.op(), operands, node.results(), node.layer(), node.origin()));
            node.results().forEach(result -> home.put(result, stage));
        }
        return forward.withNodes(nodes);
    }

    /// What a stage reads of a value. An activation goes through every stage on its way, a weight
    /// goes there at once.
    private Value operand(Value value, int stage) {
        Node source = index.definition(value);
        if (source.op() instanceof Op.Parameter || source.op() instanceof Op.State) {
            int from = home.computeIfAbsent(value, _ -> stage);
            return from == stage ? value : sent(source, value, value, from, stage);
        }
        if (source.op() instanceof Op.Leaf) {
            return value;
        }
        Value here = value;
        for (int next = home.getOrDefault(value, stage) + 1; next <= stage; next++) {
            here = sent(source, value, here, next - 1, next);
        }
        return here;
    }

    private Value sent(Node source, Value value, Value here, int from, int to) {
        Map<Integer, Value> known = at.computeIfAbsent(value, _ -> new HashMap<>());
        Value there = known.get(to);
        if (there == null) {
            there = stages.isSent(from, to) ? relocate(source, here, from, to) : here;
            known.put(to, there);
        }
        return there;
    }

    private Value relocate(Node source, Value here, int from, int to) {
        var op = new Reshard.Relocate(stages.at(from), stages.at(to));
        var there = new Value(nextId++, here.type());
        String layer = stages.stage(source) == from ? source.layer() : stages.lastLayer(from);
        nodes.add(new Node(op, List.of(here), List.of(there), layer, source.origin()));
        return there;
    }
}
