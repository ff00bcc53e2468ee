package dev.partita.compiler.pipeline;

import dev.partita.compiler.autodiff.TrainingGraph;
import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.graph.GraphIndex;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.graph.Value;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;

/// Brings the nodes of all micro-batches into the order of a pipeline's schedule. An action's nodes
/// stay in the order they have; what all micro-batches share comes first, what is made of their
/// sums last.
///
/// A node is of the stage that its layer is in and of the micro-batch that its operands come from.
/// It is backward if it leads from a gradient; of that, what makes gradients of weights alone is
/// the `W` of a schedule that splits backward. Forward values that are computed again belong to the
/// backward that reads them.
public final class OrderStages {
    private final TrainingGraph training;
    private final Stages stages;
    private final Set<PipelineAction> split;
    private final GraphIndex index;
    private final Map<Value, Integer> microBatch = new HashMap<>();

    /// For each gradient the stage that has it.
    private final Map<Value, Integer> backward = new HashMap<>();

    /// For what was sent forward, and casts of it, the stage that it was sent to.
    private final Map<Value, Integer> arrived = new HashMap<>();

    private final List<Node> shared = new ArrayList<>();
    private final Map<PipelineAction, List<Node>> nodesOf = new HashMap<>();
    private final List<Node> ordered = new ArrayList<>();
    private final Set<Value> done = new HashSet<>();

    private OrderStages(TrainingGraph training, Stages stages) {
        this.training = training;
        this.stages = stages;
        this.split = stages.schedule().inputBackwards();
        this.index = training.graph().index();
    }

    /// The same graph in the order of the schedule, if there are stages.
    public static OrderedStages run(TrainingGraph training, Optional<Stages> stages) {
        return stages.map(cut -> new OrderStages(training, cut).order())
                .orElseGet(() -> new OrderedStages(training, Map.of()));
    }

    private OrderedStages order() {
        boolean several = stages.schedule().microBatches() > 1;
        for (Node node : training.graph().nodes()) {
            int k = microBatch(node, several);
            if (k < 0) {
                shared.add(node);
            } else {
                node.results().forEach(result -> microBatch.put(result, k));
                nodesOf.computeIfAbsent(action(node, k), _ -> new ArrayList<>()).add(node);
            }
        }
        shared.forEach(this::append);
        Queue<Node> waiting = new ArrayDeque<>();
        for (PipelineAction action : stages.schedule().inOrder()) {
            for (Node node : nodesOf.getOrDefault(action, List.of())) {
                appendOr(waiting, node);
            }
            // sums go on in the order of micro-batches, whatever the order of the schedule
            for (int i = waiting.size(); i > 0; i--) {
                appendOr(waiting, waiting.remove());
            }
        }
        for (int left = Integer.MAX_VALUE; waiting.size() < left; ) {
            left = waiting.size();
            for (int i = left; i > 0; i--) {
                appendOr(waiting, waiting.remove());
            }
        }
        Graph graph = training.graph().withNodes(ordered);
        return new OrderedStages(
                new TrainingGraph(
                        graph, training.follows(), training.gradients(), training.again()),
                actions());
    }

    private Map<Value, String> actions() {
        Map<Value, String> actions = new HashMap<>();
        nodesOf.forEach((action, nodes) -> {
            String word = action.toString();
            nodes.stream()
                    .filter(node -> !isOncePerStep(node))
                    .forEach(node -> node.results().forEach(result -> actions.put(result, word)));
        });
        return actions;
    }

    /// True for what brings a gradient to where its weight lives in another stage, and adds it
    /// there: that is done when all micro-batches are done.
    private boolean isOncePerStep(Node node) {
        return isBroughtHome(node)
                || node.operands().stream()
                        .anyMatch(value -> isBroughtHome(index.definition(value)));
    }

    private boolean isBroughtHome(Node node) {
        return node.op() instanceof Reshard.Relocate
                && node.results().stream().allMatch(this::isOfWeight);
    }

    private void appendOr(Queue<Node> waiting, Node node) {
        if (done.containsAll(node.operands())) {
            append(node);
        } else {
            waiting.add(node);
        }
    }

    private void append(Node node) {
        ordered.add(node);
        done.addAll(node.results());
    }

    /// The micro-batch that a node computes on; -1 for what all of them share.
    private int microBatch(Node node, boolean several) {
        if (node.op() instanceof Op.MicroBatch(int k)) {
            return k;
        }
        if (node.op() instanceof Op.Leaf) {
            return -1;
        }
        int operands =
                node.operands().stream()
                        .mapToInt(v -> microBatch.getOrDefault(v, -1))
                        .max()
                        .orElse(-1);
        return several || operands >= 0 ? operands : readsExamples(node) ? 0 : -1;
    }

    private boolean readsExamples(Node node) {
        return node.operands().stream()
                .map(index::definition)
                .anyMatch(source ->
                        source.op() instanceof Op.Input(String _, var type)
                                && type.shape().rank() > 0);
    }

    private PipelineAction action(Node node, int k) {
        int stage = stage(node);
        boolean gradient =
                node.results().stream().anyMatch(training.follows()::containsKey)
                        || !Collections.disjoint(backward.keySet(), node.operands());
        if (!gradient) {
            if (node.op() instanceof Reshard.Relocate) {
                node.results().forEach(result -> arrived.put(result, stage + 1));
            }
            return PipelineAction.forward(stage, k);
        }
        if (node.op() instanceof Reshard.Relocate) {
            // its layer is of the stage that it was sent from, and it comes back from the next
            node.results().forEach(result -> backward.put(result, stage));
            return PipelineAction.backward(Math.min(stage + 1, stages.count() - 1), k);
        }
        // a gradient of what was sent here has the layer that sent it, and is computed here
        int here =
                node.operands().stream()
                        .map(value -> backward.getOrDefault(value, stage))
                        .filter(other -> stages.isSent(stage, other))
                        .mapToInt(Integer::intValue)
                        .max()
                        .orElse(stage);
        node.results().forEach(result -> backward.put(result, here));
        PipelineAction whole = PipelineAction.backward(here, k);
        boolean ofWeights = node.results().stream().allMatch(this::isOfWeight);
        return split.contains(whole) && ofWeights ? PipelineAction.weights(here, k) : whole;
    }

    /// The stage of a node's layer; of a cast of what was sent here, which has the layer that sent
    /// it, this one.
    private int stage(Node node) {
        int own = stages.stage(node);
        int here =
                node.operands().stream()
                        .mapToInt(value -> arrived.getOrDefault(value, own))
                        .max()
                        .orElse(own);
        if (here > own) {
            node.results().forEach(result -> arrived.put(result, here));
        }
        return Math.max(own, here);
    }

    /// True for a gradient of a weight or of its cast, a part of one, and a sum of them.
    private boolean isOfWeight(Value value) {
        Value leader = training.follows().get(value);
        while (leader != null) {
            Node definition = index.definition(leader);
            if (definition.op() instanceof Op.Parameter) {
                return true;
            }
            boolean isCopy =
                    definition.op() instanceof Op.Cast
                            || definition.op() instanceof Reshard.Relocate;
            leader = isCopy ? definition.operands().getFirst() : null;
        }
        return false;
    }
}
