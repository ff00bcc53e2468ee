package dev.partita.compiler.precision;

import static com.google.common.truth.Truth.assertThat;
import static dev.partita.compiler.CompileOptions.on;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.features;
import static dev.partita.dsl.layer.Layers.layerNorm;
import static dev.partita.dsl.layer.Layers.linear;
import static dev.partita.dsl.layer.Layers.model;

import dev.partita.compiler.Compiler;
import dev.partita.compiler.Precision;
import dev.partita.compiler.autodiff.TrainingGraph;
import dev.partita.dsl.graph.Elementwise;
import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.graph.GraphBuilder;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.graph.Wide;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.tensor.Dim;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.dsl.tensor.TensorType;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class KeepSumsTest {
    private static final Op WIDEN = new Op.Cast(Dtype.F32);

    private final GraphBuilder g = new GraphBuilder("g");
    private final Value dy = input("dy", 2, 5);
    private final Value x = input("x", 2, 3);

    @Test
    void a_gradient_of_weights_is_stored_as_it_was_summed() {
        Value weight = g.add(WIDEN, g.add(Op.Einsum.of("bo,bk->ok"), dy, x));
        Value bias = g.add(WIDEN, g.add(new Op.Sum(List.of(0)), dy));
        Graph before = g.output("weight", weight).output("bias", bias).build();
        assertThat(ops(before).subList(2, 6))
                .containsExactly(
                        "%2 = einsum bo,bk->ok %0 %1 : bf16[dy1=5, x1=3]",
                        "%3 = cast f32 %2 : f32[dy1=5, x1=3]",
                        "%4 = sum [0] %0 : bf16[dy1=5]",
                        "%5 = cast f32 %4 : f32[dy1=5]")
                .inOrder();
        assertThat(ops(kept(before)).subList(2, 4))
                .containsExactly(
                        "%3 = wide{einsum bo,bk->ok} %0 %1 : f32[dy1=5, x1=3]",
                        "%5 = wide{sum [0]} %0 : f32[dy1=5]")
                .inOrder();
    }

    @Test
    void a_sum_that_something_reads_rounded_is_rounded() {
        Value product = g.add(Op.Einsum.of("bo,bk->ok"), dy, x);
        Graph before =
                g.output("wide", g.add(WIDEN, product))
                        .output("half", g.add(new Elementwise.Tanh(), product))
                        .build();
        assertThat(kept(before)).isEqualTo(before);
    }

    @Test
    void a_norm_reads_what_the_op_before_it_rounded() {
        Value product = g.add(WIDEN, g.add(Op.Einsum.of("bo,bk->ok"), dy, x));
        Value gain = g.add(new Op.Constant(1, TensorType.of(Dtype.F32, new Dim("x1", 3))));
        var norm = g.addAll(new Op.LayerNorm(1e-5), List.of(product, gain, gain));
        Graph before = g.output("y", norm.results().getFirst()).build();
        assertThat(kept(before)).isEqualTo(before);
    }

    @Test
    void gradients_follow_the_value_that_was_kept() {
        var net =
                model("net", features("x", 6))
                        .then(linear("hidden", 8).withoutBias())
                        .then(layerNorm("norm"))
                        .then(linear("classes", 4).withoutBias())
                        .loss(crossEntropy());
        TrainingGraph training =
                Compiler.compile(
                                net,
                                on(Mesh.of("data", 2))
                                        .shard("batch")
                                        .over("data")
                                        .batch(4)
                                        .precision(Precision.BF16))
                        .sharded()
                        .training();
        var index = training.graph().index();
        training.follows().values().forEach(index::definition);
        assertThat(training.graph().nodesOf(Wide.class).map(n -> n.op().toString()))
                .containsExactly(
                        "wide{einsum bk,ok->bo}",
                        "wide{einsum bo,bk->ok}",
                        "wide{einsum bo,bk->ok}");
    }

    private static Graph kept(Graph graph) {
        return KeepSums.run(new TrainingGraph(graph, Map.of(), Map.of(), Map.of())).graph();
    }

    private Value input(String name, long rows, long columns) {
        var type = TensorType.of(Dtype.BF16, new Dim(name + 0, rows), new Dim(name + 1, columns));
        return g.add(new Op.Input(name, type));
    }

    private static List<String> ops(Graph graph) {
        return graph.nodes().stream().map(Object::toString).toList();
    }
}
