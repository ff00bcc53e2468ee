package dev.partita.compiler.autodiff;

import dev.partita.compiler.CompileOptions;
import dev.partita.dsl.graph.Elementwise;
import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.graph.GraphBuilder;
import dev.partita.dsl.graph.GraphIndex;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.LongStream;

/// Gradient accumulation: repeats the training graph of one micro-batch for all of them, one after
/// the other, and sums their losses and gradients.
///
/// Micro-batch `k` is the `k`-th part of every input `[micro-batch, batch, ...]`. The dim
/// `micro-batch` lies whole on every device and `batch` is sharded, so a device has its part of
/// every micro-batch and nothing is moved to choose one. What does not depend on the examples is
/// computed once. Each loss and gradient is a summand of the whole batch's, so the sums over
/// devices stay pending until the last micro-batch is done: one all-reduce a step.
public final class MicroBatches {
    private final TrainingGraph one;
    private final GraphBuilder builder;
    private final Set<Value> varying = new HashSet<>();
    private final Map<Value, Value> follows;
    private final Map<Value, String> again;
    private final Map<Value, Value> sums = new HashMap<>();

    private MicroBatches(TrainingGraph one) {
        this.one = one;
        this.builder = GraphBuilder.continuing(one.graph());
        this.follows = new LinkedHashMap<>(one.follows());
        this.again = new LinkedHashMap<>(one.again());
        for (Node node : one.graph().nodes()) {
            if (node.op() instanceof Op.MicroBatch
                    || !Collections.disjoint(varying, node.operands())) {
                varying.addAll(node.results());
            }
        }
    }

    /// Checks that the batch divides into micro-batches, and each of these over the devices.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `IndivisibleDim`, with the legal numbers
    public static void requireFit(CompileOptions options) {
        long shards =
                options.shards().stream()
                        .filter(request -> request.dim().equals("batch"))
                        .mapToLong(request -> request.sharding().stretches(options.mesh()))
                        .max()
                        .orElse(1);
        if (!fits(options.batch(), options.microBatches(), shards) && options.microBatches() > 1) {
            List<Long> legal =
                    LongStream.rangeClosed(1, options.batch())
                            .filter(n -> fits(options.batch(), n, shards))
                            .boxed()
                            .toList();
            throw Problem.of(
                            ProblemCode.INDIVISIBLE_DIM,
                            "The batch does not divide into so many micro-batches.")
                    .fact("batch", options.batch())
                    .fact("micro-batches", options.microBatches())
                    .fact("each sharded over", shards + (shards == 1 ? " device" : " devices"))
                    .fact("legal numbers", legal.isEmpty() ? "none" : legal)
                    .fix(
                            legal.isEmpty()
                                    ? "a batch that is a multiple of " + shards
                                    : "microBatches("
                                            + nearest(legal, options.microBatches())
                                            + ")")
                    .exception();
        }
    }

    private static boolean fits(long batch, long count, long shards) {
        return batch % count == 0 && batch / count % shards == 0;
    }

    private static long nearest(List<Long> legal, long wanted) {
        return legal.stream().min(Comparator.comparingLong(n -> Math.abs(n - wanted))).orElse(1L);
    }

    /// Repeats the graph of the first of `count` micro-batches for all others.
    public static TrainingGraph repeat(TrainingGraph one, long count) {
        return count == 1 ? one : new MicroBatches(one).repeat((int) count);
    }

    private TrainingGraph repeat(int count) {
        Map<Node, Set<Value>> summands = summands();
        summands.values().forEach(values -> values.forEach(v -> sums.put(v, v)));
        for (int k = 1; k < count; k++) {
            Map<Value, Value> copies = new HashMap<>();
            for (Node node : one.graph().nodes()) {
                if (!Collections.disjoint(varying, node.results())) {
                    copy(node, k, copies);
                }
                for (Value summand : summands.getOrDefault(node, Set.of())) {
                    add(summand, copies.getOrDefault(summand, summand));
                }
            }
        }
        Map<String, Value> gradients = new LinkedHashMap<>();
        one.gradients().forEach((name, value) -> gradients.put(name, sum(value)));
        Graph all = builder.build();
        Map<String, Value> outputs = new LinkedHashMap<>();
        summed(all).forEach((name, value) -> outputs.put(name, sum(value)));
        return new TrainingGraph(
                new Graph(all.name(), all.nodes(), outputs), follows, gradients, again);
    }

    /// The outputs that are summands: the loss, and what layers say of the batch. A prediction is
    /// not.
    private static Map<String, Value> summed(Graph graph) {
        Map<String, Value> summed = new LinkedHashMap<>(graph.outputs());
        summed.remove("prediction");
        return summed;
    }

    /// What is summed over the micro-batches, by the node after which it is added: the gradients of
    /// a layer behind the last of them, so that nothing stands between a bias and a weight whose
    /// gradients are computed together.
    private Map<Node, Set<Value>> summands() {
        GraphIndex index = one.graph().index();
        Set<Value> wanted = new LinkedHashSet<>(one.gradients().values());
        wanted.addAll(summed(one.graph()).values());
        wanted.retainAll(varying);
        Map<String, Node> last = new HashMap<>();
        for (Node node : one.graph().nodes()) {
            if (!Collections.disjoint(wanted, node.results())) {
                last.put(node.layer(), node);
            }
        }
        Map<Node, Set<Value>> after = new HashMap<>();
        for (Value value : wanted) {
            Node own = index.definition(value);
            Node place = last.getOrDefault(own.layer(), own);
            after.computeIfAbsent(place, _ -> new LinkedHashSet<>()).add(value);
        }
        return after;
    }

    private void copy(Node node, int k, Map<Value, Value> copies) {
        List<Value> operands =
                node.operands().stream().map(v -> copies.getOrDefault(v, v)).toList();
        Node copy = builder.like(node).addAll(at(node, k), operands);
        for (int i = 0; i < node.results().size(); i++) {
            copies.put(node.results().get(i), copy.results().get(i));
        }
        for (Value result : node.results()) {
            Value leader = one.follows().get(result);
            if (leader != null) {
                follows.put(copies.get(result), copies.getOrDefault(leader, leader));
            }
            String why = one.again().get(result);
            if (why != null) {
                again.put(copies.get(result), why);
            }
        }
    }

    /// The op for micro-batch `k`. Dropout goes on where the micro-batches before end: the batch is
    /// the outermost dim, so its elements follow theirs in the whole batch.
    private static Op at(Node node, int k) {
        return switch (node.op()) {
            case Op.MicroBatch _ -> new Op.MicroBatch(k);
            case Op.Dropout(double rate, int stream, long _) ->
                    new Op.Dropout(rate, stream, k * node.result().type().shape().elements());
            case Op op -> op;
        };
    }

    /// Adds a summand of this micro-batch. The sum comes second, for a chain of sums must not be
    /// fused: that would keep all summands until the end.
    private void add(Value first, Value summand) {
        Value sum = builder.add(new Elementwise.Add(), summand, sum(first));
        Value leader = one.follows().get(first);
        if (leader != null) {
            follows.put(sum, leader);
        }
        sums.put(first, sum);
    }

    /// The sum so far of a value of the first micro-batch; the value itself if it is no summand.
    private Value sum(Value first) {
        return sums.getOrDefault(first, first);
    }
}
