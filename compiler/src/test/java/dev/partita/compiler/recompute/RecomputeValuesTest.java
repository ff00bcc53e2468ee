package dev.partita.compiler.recompute;

import static com.google.common.truth.Truth.assertThat;
import static dev.partita.compiler.CompileOptions.on;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.dropout;
import static dev.partita.dsl.layer.Layers.features;
import static dev.partita.dsl.layer.Layers.gelu;
import static dev.partita.dsl.layer.Layers.layerNorm;
import static dev.partita.dsl.layer.Layers.linear;
import static dev.partita.dsl.layer.Layers.model;
import static dev.partita.dsl.layer.Layers.residual;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.Compiler;
import dev.partita.compiler.Recompute;
import dev.partita.compiler.autodiff.Differentiate;
import dev.partita.compiler.autodiff.TrainingGraph;
import dev.partita.dsl.graph.Elementwise;
import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import dev.partita.dsl.tensor.Dtype;
import java.util.List;
import org.junit.jupiter.api.Test;

class RecomputeValuesTest {
    private static final Model SMALL =
            model("small", features("x", 6))
                    .then(linear("hidden", 8))
                    .then(gelu())
                    .then(dropout(0.5))
                    .then(linear("classes", 4))
                    .loss(crossEntropy());

    /// Residual blocks, wide against their weights, on a large batch.
    private static final Model DEEP = deep(6);

    private static Model deep(int blocks) {
        Model net = model("deep", features("x", 8)).then(linear("in", 8));
        for (int i = 0; i < blocks; i++) {
            net =
                    net.then(
                            residual(
                                    layerNorm("n" + i),
                                    linear("up" + i, 32),
                                    gelu(),
                                    linear("down" + i, 8),
                                    dropout(0.1)));
        }
        return net.then(linear("classes", 4)).loss(crossEntropy());
    }

    private static List<Node> backward(Recompute recompute) {
        Graph forward = SMALL.trace(2, Dtype.F32, true);
        TrainingGraph after =
                RecomputeValues.run(Differentiate.run(forward), forward, recompute, _ -> 0);
        return after.graph().nodes().stream().skip(forward.nodes().size()).toList();
    }

    @Test
    void a_copy_stands_right_before_its_first_reader_and_is_read_by_all() {
        assertThat(backward(Recompute.selective("gelu", "dropout")).stream().map(Node::op))
                .containsAtLeast(
                        Op.Einsum.of("bo,ok->bk"),
                        new Elementwise.Gelu(),
                        new Op.Dropout(0.5, 0),
                        Op.Einsum.of("bo,bk->ok"),
                        new Op.Dropout(0.5, 0),
                        new Elementwise.GeluGrad())
                .inOrder();
    }

    @Test
    void what_backward_does_without_is_not_kept_for_a_copy() {
        // the sum with the bias is kept, since gelu-grad reads it: the matmul does not run again
        assertThat(backward(Recompute.selective("gelu")).toString()).doesNotContain("ok->bo");
        // without it, gelu's copy needs the matmul
        assertThat(backward(Recompute.selective("gelu", "hidden")).toString()).contains("ok->bo");
    }

    @Test
    void selective_without_names_takes_what_needs_no_contraction() {
        assertThat(backward(Recompute.selective()))
                .isEqualTo(backward(Recompute.selective("gelu", "dropout")));
    }

    @Test
    void nothing_changes_without_recomputation() {
        Graph forward = SMALL.trace(2, Dtype.F32, true);
        TrainingGraph training = Differentiate.run(forward);
        assertThat(RecomputeValues.run(training, forward, Recompute.none(), _ -> 0))
                .isSameInstanceAs(training);
    }

    @Test
    void a_copied_dropout_is_the_same_op_on_the_same_step() {
        Graph graph = compile(Recompute.full()).sharded().training().graph();
        List<Node> drops =
                graph.nodesOf(Op.Dropout.class)
                        .filter(n -> n.op().toString().endsWith("stream 0"))
                        .toList();
        // forward, gradient; the block's copy ends before its dropout, which nobody reads
        assertThat(drops).hasSize(2);
        assertThat(drops.get(0).operands().get(1)).isEqualTo(drops.get(1).operands().get(1));
    }

    @Test
    void full_needs_less_memory_than_selective_and_that_less_than_none() {
        long none = compile(Recompute.none()).plan().peakBytes();
        long selective = compile(Recompute.selective("gelu")).plan().peakBytes();
        long full = compile(Recompute.full()).plan().peakBytes();
        assertThat(selective).isLessThan(none * 85 / 100);
        assertThat(full).isLessThan(none / 2);
    }

    @Test
    void a_limit_is_kept_and_a_wider_one_costs_less() {
        long none = compile(Recompute.none()).plan().peakBytes();
        int before = Integer.MAX_VALUE;
        for (int percent : List.of(45, 60, 75, 90, 100)) {
            Compilation plan = compile(Recompute.within(none * percent / 100));
            assertThat(plan.plan().peakBytes()).isAtMost(none * percent / 100);
            int again = plan.sharded().training().again().size();
            assertThat(again).isLessThan(before);
            before = again;
        }
        assertThat(before).isEqualTo(0);
    }

    @Test
    void an_impossible_limit_names_the_smallest_peak() {
        var exception = assertThrows(ProblemException.class, () -> compile(Recompute.within(1000)));
        assertThat(exception.problem().code()).isEqualTo(ProblemCode.OUT_OF_MEMORY);
        String fix = exception.problem().fix();
        long smallest = Long.parseLong(fix.substring("within(".length(), fix.indexOf(')')));
        assertThat(compile(Recompute.within(smallest)).plan().peakBytes()).isAtMost(smallest);
        assertThat(exception.problem().origin().toString()).startsWith("RecomputeValuesTest");
    }

    @Test
    void an_unknown_name_is_answered_with_the_near_one() {
        var exception =
                assertThrows(
                        ProblemException.class, () -> compile(Recompute.selective("layernorm")));
        assertThat(exception.problem().fix()).contains("layer-norm");
    }

    @Test
    void repeated_collectives_and_copies_say_what_they_are_for() {
        Model net =
                model("net", features("x", 8))
                        .then(linear("in", 8))
                        .then(
                                residual(
                                        linear("up", 16),
                                        gelu(),
                                        linear("down", 8),
                                        layerNorm("n1"),
                                        gelu()))
                        .then(linear("classes", 4))
                        .loss(crossEntropy());
        Compilation plan =
                Compiler.compile(
                        net,
                        on(Mesh.of("tensor", 2))
                                .shard("up")
                                .over("tensor")
                                .batch(256)
                                .recompute(Recompute.full()));
        List<String> reasons =
                plan.plan().program(0).collectives().map(s -> s.note().because()).toList();
        assertThat(reasons.stream().filter(r -> r.matches("all-reduce.*computed again for.*")))
                .isNotEmpty();
        assertThat(plan.explain("recompute")).contains("full: ");
        assertThat(plan.explain("n1")).contains("is computed again for");
    }

    private static Compilation compile(Recompute recompute) {
        CompileOptions options = on(Mesh.ONE_DEVICE).batch(256).recompute(recompute);
        return Compiler.compile(DEEP, options);
    }
}
