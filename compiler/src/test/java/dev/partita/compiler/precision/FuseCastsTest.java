package dev.partita.compiler.precision;

import static com.google.common.truth.Truth.assertThat;

import dev.partita.dsl.graph.AttentionOp;
import dev.partita.dsl.graph.Elementwise;
import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.graph.GraphBuilder;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.tensor.Dim;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.dsl.tensor.TensorType;
import java.util.List;
import org.junit.jupiter.api.Test;

class FuseCastsTest {
    private static final Op WIDEN = new Op.Cast(Dtype.F32);
    private static final Op ROUND = new Op.Cast(Dtype.BF16);

    private final GraphBuilder g = new GraphBuilder("g");

    @Test
    void a_norm_reads_and_stores_half_floats_itself() {
        Value x = input("x", Dtype.BF16, 2, 3);
        Value gain = input("gain", Dtype.F32, 3);
        Value norm = norm(g.add(WIDEN, x), gain);
        Graph before = g.output("y", g.add(ROUND, norm)).build();
        assertThat(ops(before))
                .containsExactly(
                        "%0 = input \"x\" : bf16[x0=2, x1=3]",
                        "%1 = input \"gain\" : f32[gain0=3]",
                        "%2 = cast f32 %0 : f32[x0=2, x1=3]",
                        "%3, %4, %5 = layer-norm %2 %1 %1 : f32[x0=2, x1=3], f32[x0=2], f32[x0=2]",
                        "%6 = cast bf16 %3 : bf16[x0=2, x1=3]")
                .inOrder();
        assertThat(ops(FuseCasts.run(before)))
                .containsExactly(
                        "%0 = input \"x\" : bf16[x0=2, x1=3]",
                        "%1 = input \"gain\" : f32[gain0=3]",
                        "%6, %4, %5 = wide{layer-norm} %0 %1 %1 : bf16[x0=2, x1=3], f32[x0=2], f32[x0=2]")
                .inOrder();
    }

    @Test
    void what_another_op_reads_wide_stays_wide() {
        Value x = g.add(WIDEN, input("x", Dtype.BF16, 2, 3));
        Value norm = norm(x, input("gain", Dtype.F32, 3));
        Graph before =
                g.output("y", g.add(ROUND, norm))
                        .output("z", g.add(new Elementwise.Tanh(), norm))
                        .output("t", g.add(new Elementwise.Tanh(), x))
                        .build();
        assertThat(FuseCasts.run(before)).isEqualTo(before);
    }

    @Test
    void what_the_graph_returns_stays_wide() {
        Value norm = norm(input("x", Dtype.F32, 2, 3), input("gain", Dtype.F32, 3));
        Graph before = g.output("y", norm).output("z", g.add(ROUND, norm)).build();
        assertThat(FuseCasts.run(before)).isEqualTo(before);
    }

    @Test
    void two_equal_casts_become_one_value() {
        Value norm = norm(input("x", Dtype.F32, 2, 3), input("gain", Dtype.F32, 3));
        Value y = g.add(new Elementwise.Tanh(), g.add(ROUND, norm));
        Value again = g.add(new Elementwise.Tanh(), g.add(ROUND, norm));
        Graph after = FuseCasts.run(g.output("y", y).output("again", again).build());
        assertThat(ops(after).subList(2, 5))
                .containsExactly(
                        "%5, %3, %4 = wide{layer-norm} %0 %1 %1 : bf16[x0=2, x1=3], f32[x0=2], f32[x0=2]",
                        "%6 = tanh %5 : bf16[x0=2, x1=3]", "%8 = tanh %5 : bf16[x0=2, x1=3]")
                .inOrder();
    }

    @Test
    void the_gradient_of_attention_reads_the_result_that_was_stored() {
        Value q = g.add(WIDEN, input("q", Dtype.BF16, 1, 2, 1, 1, 4));
        Value k = g.add(WIDEN, input("k", Dtype.BF16, 1, 2, 1, 4));
        var forward = g.addAll(new AttentionOp.Attention(true, 0.5), List.of(q, k, k));
        Value y = forward.results().getFirst();
        Value dy = g.add(WIDEN, g.add(new Elementwise.Tanh(), g.add(ROUND, y)));
        Value sums = forward.results().getLast();
        var backward =
                g.addAll(new AttentionOp.AttentionGrad(true, 0.5), List.of(q, k, k, y, sums, dy));
        Value dq = g.add(ROUND, backward.results().getFirst());
        Graph after = FuseCasts.run(g.output("dq", g.add(new Elementwise.Tanh(), dq)).build());
        assertThat(after.nodes().stream().map(n -> n.op() + " " + n.operands()))
                .containsExactly(
                        "input \"q\" []",
                        "input \"k\" []",
                        "wide{causal-attention} [%0, %2, %2]",
                        "tanh [%6]",
                        "wide{causal-attention-grad} [%0, %2, %2, %6, %5, %7]",
                        "tanh [%12]")
                .inOrder();
    }

    private Value norm(Value x, Value gain) {
        return g.addAll(new Op.LayerNorm(1e-5), List.of(x, gain, gain)).results().getFirst();
    }

    private Value input(String name, Dtype dtype, long... sizes) {
        var dims = new Dim[sizes.length];
        for (int i = 0; i < sizes.length; i++) {
            dims[i] = new Dim(name + i, sizes[i]);
        }
        return g.add(new Op.Input(name, TensorType.of(dtype, dims)));
    }

    private static List<String> ops(Graph graph) {
        return graph.nodes().stream().map(Object::toString).toList();
    }
}
