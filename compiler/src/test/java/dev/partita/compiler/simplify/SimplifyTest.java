package dev.partita.compiler.simplify;

import static com.google.common.truth.Truth.assertThat;

import dev.partita.dsl.graph.Elementwise;
import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.graph.GraphBuilder;
import dev.partita.dsl.graph.Initializer;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.graph.Window;
import dev.partita.dsl.tensor.Dim;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.dsl.tensor.Shape;
import dev.partita.dsl.tensor.TensorType;
import java.util.List;
import org.junit.jupiter.api.Test;

class SimplifyTest {
    private final GraphBuilder g = new GraphBuilder("g");

    @Test
    void relu_moves_behind_the_pool_that_alone_reads_it() {
        Value x = image(4);
        Value relu = g.add(new Elementwise.Relu(), x);
        Value y =
                g.addAll(new Op.MaxPool(Window.square(2, 2, 0)), List.of(relu))
                        .results()
                        .getFirst();
        assertThat(ops(ReluAfterPool.run(g.output("y", y).build())))
                .containsExactly(
                        "%0 = input \"x\" : f32[batch=2, height=4, width=4, channel=4]",
                        "%4, %3 = max-pool 2x2 stride 2 %0 : f32[batch=2, height=2, width=2,"
                                + " channel=4], u8[batch=2, height=2, width=2, channel=4]",
                        "%2 = relu %4 : f32[batch=2, height=2, width=2, channel=4]")
                .inOrder();
    }

    @Test
    void relu_stays_where_something_else_reads_it() {
        Value relu = g.add(new Elementwise.Relu(), image(4));
        Value y =
                g.addAll(new Op.MaxPool(Window.square(2, 2, 0)), List.of(relu))
                        .results()
                        .getFirst();
        Graph before = g.output("y", y).output("also", relu).build();
        assertThat(ReluAfterPool.run(before)).isEqualTo(before);
    }

    @Test
    void a_matmul_takes_its_bias_and_relu() {
        Value x = g.add(new Op.Input("x", matrix("batch", 2, "k", 3)));
        Value w = g.add(parameter("w", matrix("o", 5, "k", 3)));
        Value product = g.add(Op.Einsum.of("bk,ok->bo"), x, w);
        Value b = g.add(parameter("b", TensorType.of(Dtype.F32, new Dim("o", 5))));
        Value y = g.add(new Elementwise.Relu(), g.add(new Op.AddBias(), product, b));
        assertThat(ops(FuseEpilogue.run(g.output("y", y).build())))
                .contains("%5 = einsum bk,ok->bo+bias+relu %0 %1 %3 : f32[batch=2, o=5]");
    }

    @Test
    void a_matmul_that_is_read_twice_stays_apart() {
        Value x = g.add(new Op.Input("x", matrix("batch", 2, "k", 3)));
        Value w = g.add(parameter("w", matrix("o", 5, "k", 3)));
        Value product = g.add(Op.Einsum.of("bk,ok->bo"), x, w);
        Value y = g.add(new Elementwise.Relu(), product);
        Graph before = g.output("y", y).output("also", product).build();
        assertThat(FuseEpilogue.run(before)).isEqualTo(before);
    }

    @Test
    void a_bias_is_not_added_after_relu() {
        Value x = g.add(new Op.Input("x", matrix("batch", 2, "k", 3)));
        Value w = g.add(parameter("w", matrix("o", 5, "k", 3)));
        Value b = g.add(parameter("b", TensorType.of(Dtype.F32, new Dim("o", 5))));
        Value relu = g.add(new Elementwise.Relu(), g.add(Op.Einsum.of("bk,ok->bo"), x, w));
        Value y = g.add(new Op.AddBias(), relu, b);
        assertThat(ops(FuseEpilogue.run(g.output("y", y).build())).getLast()).contains("add-bias");
    }

    @Test
    void the_weight_gradient_sums_for_the_bias() {
        Value dy = g.add(new Op.Input("dy", images("dy", 2, 3)));
        Value x = image(4);
        Value bias = g.add(new Op.Sum(List.of(0, 1, 2)), dy);
        Shape to =
                Shape.of(new Dim("o", 3), new Dim("h", 3), new Dim("w", 3), new Dim("channel", 4));
        Value weight = g.add(new Op.Conv2dWeightGrad(Window.square(3, 1, 0), false, to), dy, x);
        Graph after = FuseBiasGradient.run(g.output("w", weight).output("b", bias).build());
        assertThat(ops(after).getLast()).startsWith("%3, %2 = conv2d-weight-grad 3x3+bias %0 %1");
    }

    @Test
    void a_bias_of_other_channels_is_summed_apart() {
        Value dy = g.add(new Op.Input("dy", images("dy", 2, 3)));
        Value x = image(4);
        Value bias = g.add(new Op.Sum(List.of(0, 1, 2)), dy);
        Shape to =
                Shape.of(new Dim("p", 3), new Dim("h", 3), new Dim("w", 3), new Dim("channel", 4));
        Value weight = g.add(new Op.Conv2dWeightGrad(Window.square(3, 1, 0), false, to), dy, x);
        Graph before = g.output("w", weight).output("b", bias).build();
        assertThat(FuseBiasGradient.run(before)).isEqualTo(before);
    }

    @Test
    void elementwise_chains_become_one_pass() {
        Value a = g.add(new Op.Input("a", matrix("batch", 2, "k", 3)));
        Value b = g.add(new Op.Input("b", matrix("batch", 2, "k", 3)));
        Value sum = g.add(new Elementwise.Add(), a, b);
        Value scaled = g.add(new Elementwise.Scale(2), sum);
        Value y = g.add(new Elementwise.Multiply(), scaled, b);
        Graph after = FuseElementwise.run(g.output("y", y).build());
        assertThat(ops(after).getLast())
                .isEqualTo("%4 = fused{add; scale 2.0; multiply} %0 %1 %1 : f32[batch=2, k=3]");
        var fused = (Elementwise.Fused) after.nodes().getLast().op();
        assertThat(fused.parts().stream().map(p -> p.reads()).toList())
                .containsExactly(List.of(0, 1), List.of(3), List.of(4, 2))
                .inOrder();
    }

    @Test
    void what_no_output_needs_is_dropped() {
        Value a = g.add(new Op.Input("a", matrix("batch", 2, "k", 3)));
        g.add(new Elementwise.Relu(), a);
        Value y = g.add(new Elementwise.Scale(2), a);
        assertThat(ops(DeadCode.run(g.output("y", y).build(), _ -> false))).hasSize(2);
    }

    private Value image(long channels) {
        return g.add(new Op.Input("x", images("x", 4, channels)));
    }

    private static TensorType images(String name, long side, long channels) {
        return TensorType.of(
                Dtype.F32,
                new Dim("batch", 2),
                new Dim("height", side),
                new Dim("width", side),
                new Dim(name.equals("x") ? "channel" : "o", channels));
    }

    private static TensorType matrix(String rows, long r, String columns, long c) {
        return TensorType.of(Dtype.F32, new Dim(rows, r), new Dim(columns, c));
    }

    private static Op parameter(String name, TensorType type) {
        return new Op.Parameter(name, type, new Initializer.Fill(0));
    }

    private static List<String> ops(Graph graph) {
        return graph.nodes().stream().map(Object::toString).toList();
    }
}
