package dev.partita.runtime.train;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.Truth.assertWithMessage;
import static dev.partita.compiler.CompileOptions.on;
import static dev.partita.dsl.layer.Layers.adam;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.dim;
import static dev.partita.dsl.layer.Layers.dropout;
import static dev.partita.dsl.layer.Layers.embedding;
import static dev.partita.dsl.layer.Layers.gelu;
import static dev.partita.dsl.layer.Layers.linear;
import static dev.partita.dsl.layer.Layers.model;
import static dev.partita.dsl.layer.Layers.tokens;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.Compiler;
import dev.partita.compiler.Recompute;
import dev.partita.compiler.assemble.Assembler;
import dev.partita.compiler.memory.PackArena;
import dev.partita.compiler.partition.LocalGraph;
import dev.partita.compiler.partition.Partitioner;
import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.compiler.plan.MemoryUse;
import dev.partita.compiler.plan.PlanVerifier;
import dev.partita.compiler.schedule.Overlap;
import dev.partita.compiler.schedule.SplitRoles;
import dev.partita.dsl.graph.Elementwise;
import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.graph.GraphIndex;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.mesh.Placement;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.kernels.KernelLibraries;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/// The mistakes that people make by hand, and that no crash reports, seeded between two passes of
/// the compiler. Each gives a plan that runs; none passes the proof.
final class ClassicMistakesTest {
    private static final Model NET =
            model("net", tokens("position", 4, 12))
                    .then(embedding("model", 8))
                    .then(linear("hidden", 8))
                    .then(gelu())
                    .then(dropout(0.3))
                    .then(linear("down", dim("model", 8)))
                    .then(gelu())
                    .then(linear("classes", 12))
                    .loss(crossEntropy());

    private static final CompileOptions DATA = on(Mesh.of("data", 2)).shard("batch").over("data");
    private static final CompileOptions TENSOR =
            on(Mesh.of("tensor", 2)).shard("hidden").over("tensor");
    private static final CompileOptions SEQUENCE =
            on(Mesh.of("sequence", 2)).shard("position").over("sequence");

    @Test
    void without_a_mistake_the_proof_holds() {
        for (CompileOptions options : List.of(DATA, TENSOR, SEQUENCE)) {
            Proof proof = prove(options, UnaryOperator.identity());
            assertWithMessage("%s", proof).that(proof.equal()).isTrue();
        }
    }

    @Test
    void a_gradient_norm_per_shard_is_found() {
        Proof proof =
                prove(
                        TENSOR,
                        local -> {
                            GraphIndex index = local.graph().index();
                            return without(
                                    local,
                                    n -> n.op() instanceof Reshard.AllReduce && isNorm(n, index));
                        });
        assertThat(proof.equal()).isFalse();
        assertThat(proof.maxRelativeDifference().gradNorm()).isGreaterThan(1e-3);
    }

    /// True for a sum of squares that is still to be summed over devices.
    private static boolean isNorm(Node reduce, GraphIndex index) {
        Node before = index.definition(reduce.operands().getFirst());
        return before.op() instanceof Op.SumSquares
                || (before.op() instanceof Elementwise.Add
                        && before.operands().stream()
                                .anyMatch(v -> isSquares(index.definition(v), index)));
    }

    private static boolean isSquares(Node node, GraphIndex index) {
        return node.op() instanceof Op.SumSquares
                || (node.op() instanceof Elementwise.Add
                        && node.result().type().shape().rank() == 0
                        && isSquares(index.definition(node.operands().getFirst()), index));
    }

    @Test
    void a_loss_divided_by_the_examples_of_one_shard_is_found() {
        Proof proof =
                prove(
                        DATA,
                        local ->
                                replaced(
                                        local,
                                        node ->
                                                node.op() instanceof Elementwise.Scale scale
                                                                && node.layer().equals("loss")
                                                        ? new Elementwise.Scale(2 * scale.factor())
                                                        : node.op()));
        assertThat(proof.equal()).isFalse();
        assertThat(proof.maxRelativeDifference().loss()).isGreaterThan(0.5);
    }

    @Test
    void a_bias_gradient_that_is_not_summed_over_the_sequence_is_found() {
        Proof proof =
                prove(
                        SEQUENCE,
                        local ->
                                without(
                                        local,
                                        n ->
                                                n.op() instanceof Reshard.AllReduce
                                                        && n.layer().equals("hidden")
                                                        && n.result().type().shape().rank() == 1));
        assertThat(proof.equal()).isFalse();
        assertThat(proof.differences().getFirst().name()).isEqualTo("hidden.bias");
    }

    @Test
    void dropout_that_is_the_same_on_all_shards_is_found() {
        Proof proof =
                prove(
                        TENSOR,
                        local -> {
                            Map<Value, LocalGraph.Block> blocks = new HashMap<>(local.blocks());
                            local.graph()
                                    .nodesOf(Op.Dropout.class)
                                    .flatMap(n ->
                                            List.of(n.operands().getFirst(), n.result()).stream())
                                    .forEach(v -> blocks.put(v, first(v)));
                            return new LocalGraph(
                                    local.graph(), local.mesh(), blocks, local.reasons());
                        });
        assertThat(proof.equal()).isFalse();
        assertThat(proof.maxRelativeDifference().loss()).isGreaterThan(1e-6);
    }

    /// A block that takes itself for the whole.
    private static LocalGraph.Block first(Value value) {
        return new LocalGraph.Block(
                value, Placement.replicated(value.type().shape().rank()), MemoryUse.ACTIVATIONS);
    }

    @Test
    void a_recomputed_dropout_that_draws_anew_is_found() {
        CompileOptions options = on(Mesh.ONE_DEVICE).recompute(Recompute.selective("dropout"));
        assertThat(prove(options, UnaryOperator.identity()).equal()).isTrue();
        Proof proof =
                prove(
                        options,
                        local -> {
                            List<Node> all = local.graph().nodesOf(Op.Dropout.class).toList();
                            // forward, the copy, and the gradient
                            assertThat(all).hasSize(3);
                            return replaced(
                                    local,
                                    node ->
                                            node.equals(all.get(1))
                                                    ? new Op.Dropout(0.3, 77)
                                                    : node.op());
                        });
        assertThat(proof.equal()).isFalse();
        assertThat(proof.maxRelativeDifference().gradients()).isGreaterThan(1e-3);
    }

    /// The same program, where readers of what these nodes make read what they were made from.
    private static LocalGraph without(LocalGraph local, Predicate<Node> dropped) {
        Map<Value, Value> instead = new HashMap<>();
        List<Node> nodes = new ArrayList<>();
        for (Node node : local.graph().nodes()) {
            if (dropped.test(node)) {
                instead.put(node.result(), node.operands().getFirst());
            } else {
                List<Value> operands =
                        node.operands().stream().map(v -> instead.getOrDefault(v, v)).toList();
                nodes.add(
                        new Node(node.op(), operands, node.results(), node.layer(), node.origin()));
            }
        }
        assertWithMessage("the mistake was made").that(instead).isNotEmpty();
        Map<String, Value> outputs = new HashMap<>(local.graph().outputs());
        outputs.replaceAll((_, v) -> instead.getOrDefault(v, v));
        return local.with(new Graph(local.graph().name(), nodes, outputs));
    }

    private static LocalGraph replaced(LocalGraph local, Function<Node, Op> op) {
        List<Node> nodes =
                local.graph().nodes().stream()
                        .map(n ->
                                new Node(
                                        op.apply(n),
                                        n.operands(),
                                        n.results(),
                                        n.layer(),
                                        n.origin()))
                        .toList();
        assertWithMessage("the mistake was made").that(nodes).isNotEqualTo(local.graph().nodes());
        return local.with(local.graph().withNodes(nodes));
    }

    private static Proof prove(CompileOptions placement, UnaryOperator<LocalGraph> mistake) {
        CompileOptions options =
                placement.batch(4).dtype(Dtype.F64).optimizer(adam(1e-2)).keepingGradients();
        Compilation right = Compiler.compile(NET, options);
        LocalGraph local = mistake.apply(Partitioner.run(right.sharded()));
        ExecutionPlan plan = Assembler.run(PackArena.run(SplitRoles.run(Overlap.run(local))));
        PlanVerifier.verify(plan);
        var wrong =
                new Compilation(
                        right.model(), right.options(), right.sharded(), plan, right.snapshots());
        return Proof.between(wrong, right.oneDevice(), KernelLibraries.reference(), 7, 2);
    }
}
