package dev.partita.dsl.graph;

import static com.google.common.truth.Truth.assertThat;

import dev.partita.dsl.mesh.Axis;
import dev.partita.dsl.tensor.Dim;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.dsl.tensor.Shape;
import dev.partita.dsl.tensor.TensorType;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ResultTypesTest {
    private static final String IMAGE = "f32[batch=2, height=8, width=8, channel=3]";
    private static final String ROWS = "f32[batch=2, d=5]";
    private static final String TEXT = "f32[batch=2, text=5, model=6]";
    private static final String POSITIONS = "i32[router=3, batch=2, capacity=4]";
    private static final String SLOTS = "f32[router=3, batch=2, capacity=4]";
    private static final String EXPERTS = "[expert=3, group=2, capacity=4, model=6]";
    private static final String SLOTTED = "f32" + EXPERTS;
    private static final Window SAME = new Window(3, 3, 1, 1);
    private static final List<Axis> GROUP = List.of(new Axis("data", 2), new Axis("tensor", 2));

    static String of(Op op, String... operands) {
        return ResultTypes.of(op, Arrays.stream(operands).map(TensorType::parse).toList()).stream()
                .map(TensorType::toString)
                .collect(Collectors.joining("; "));
    }

    private static Shape shape(String dims) {
        return TensorType.parse("f32" + dims).shape();
    }

    static Stream<Arguments> rules() {
        return Stream.of(
                rule("f32[batch=2, d=5]", new Op.Constant(1, TensorType.parse(ROWS))),
                rule(ROWS, new Elementwise.Relu(), ROWS),
                rule(ROWS, new Elementwise.Add(), ROWS, "f32[batch=2, e=5]"),
                rule(
                        "f32[batch=2, flat=192]",
                        new Op.Flatten(1, 3, shape("[batch=2, flat=192]")),
                        IMAGE),
                rule(
                        "f32[batch=2, heads=2, size=3]",
                        new Op.Unflatten(1, 2, shape("[batch=2, heads=2, size=3]")),
                        "f32[batch=2, model=6]"),
                rule(
                        "f32[batch=2, d=5]",
                        new Op.Broadcast(List.of(1), shape("[batch=2, d=5]")),
                        "f32[d=5]"),
                rule("bf16[batch=2, d=5]", new Op.Cast(Dtype.BF16), ROWS),
                rule(ROWS, new Op.MicroBatch(3), "f32[micro-batch=4, batch=2, d=5]"),
                rule(ROWS, new Op.ScaleBy(), ROWS, "f32[]"),
                rule(
                        "i32[batch=2]; f64[batch=2]",
                        new Op.Ignoring(-100, Dtype.F64),
                        "i32[batch=2]"),
                rule("f32[d=5]", new Op.Sum(List.of(0)), ROWS),
                rule("f32[]", new Op.Sum(List.of(0, 1)), ROWS),
                rule("f32[]", new Op.SumSquares(), ROWS),
                rule(ROWS, new Op.AddBias(), ROWS, "f32[d=5]"),
                rule("f32[batch=2, o=7]", Op.Einsum.of("bk,ok->bo"), ROWS, "f32[o=7, d=5]"),
                rule("f32[d=5, d'=5]", Op.Einsum.of("bi,bj->ij"), ROWS, ROWS),
                rule(
                        "f32[batch=2, o=7]",
                        new Op.Einsum(EinsumSpec.parse("bk,ok->bo"), Epilogue.BIAS_RELU),
                        ROWS,
                        "f32[o=7, d=5]",
                        "f32[o=7]"),
                rule(
                        "f32[batch=2, height=8, width=8, c=4]",
                        new Op.Conv2d(SAME, Epilogue.NONE),
                        IMAGE,
                        "f32[c=4, kh=3, kw=3, channel=3]"),
                rule(
                        "f32[batch=2, height=3, width=3, c=4]",
                        new Op.Conv2d(new Window(3, 3, 2, 0), Epilogue.BIAS),
                        IMAGE,
                        "f32[c=4, kh=3, kw=3, channel=3]",
                        "f32[c=4]"),
                rule(
                        IMAGE,
                        new Op.Conv2dInputGrad(SAME, TensorType.parse(IMAGE).shape()),
                        "f32[batch=2, height=8, width=8, c=4]",
                        "f32[c=4, kh=3, kw=3, channel=3]"),
                rule(
                        "f32[c=4, kh=3, kw=3, channel=3]; f32[c=4]",
                        new Op.Conv2dWeightGrad(SAME, true, shape("[c=4, kh=3, kw=3, channel=3]")),
                        "f32[batch=2, height=8, width=8, c=4]",
                        IMAGE),
                rule(
                        "f32[batch=2, height=4, width=4, channel=3]; u8[batch=2, height=4, width=4, channel=3]",
                        new Op.MaxPool(Window.square(2, 2, 0)),
                        IMAGE),
                rule(
                        IMAGE,
                        new Op.MaxPoolGrad(Window.square(2, 2, 0), TensorType.parse(IMAGE).shape()),
                        "f32[batch=2, height=4, width=4, channel=3]",
                        "u8[batch=2, height=4, width=4, channel=3]"),
                rule(ROWS, new Op.Softmax(), ROWS),
                rule(ROWS, new Op.SoftmaxGrad(), ROWS, ROWS),
                rule(
                        "f32[batch=2, d=5]; f32[batch=2]; f32[batch=2]",
                        new Op.LayerNorm(1e-5),
                        ROWS,
                        "f32[d=5]",
                        "f32[d=5]"),
                rule(
                        "f32[batch=2, d=5]; f32[d=5]; f32[d=5]",
                        new Op.LayerNormGrad(),
                        ROWS,
                        "f32[d=5]",
                        "f32[batch=2]",
                        "f32[batch=2]",
                        ROWS),
                rule(
                        "f32[batch=2, text=3, model=4]",
                        new Op.Embedding(),
                        "f32[vocab=9, model=4]",
                        "i32[batch=2, text=3]"),
                rule(
                        "f32[vocab=9, model=4]",
                        new Op.EmbeddingGrad(shape("[vocab=9, model=4]")),
                        "i32[batch=2, text=3]",
                        "f32[batch=2, text=3, model=4]"),
                rule(ROWS, new Op.Dropout(0.5, 0), ROWS, "i64[]"),
                rule("f32[batch=2]; f32[batch=2]", new Op.CrossEntropy(), ROWS, "i32[batch=2]"),
                rule(
                        ROWS,
                        new Op.CrossEntropyGrad(),
                        ROWS,
                        "i32[batch=2]",
                        "f32[batch=2]",
                        "f32[batch=2]"),
                rule("f32[batch=2, d=5]; f32[batch=2]", new RowOp.RmsNorm(0), ROWS, "f32[d=5]"),
                rule(
                        "f32[batch=2, d=5]; f32[d=5]",
                        new RowOp.RmsNormGrad(),
                        ROWS,
                        "f32[d=5]",
                        "f32[batch=2]",
                        ROWS),
                rule("f32[batch=2]", new RowOp.LogSumExp(shape("[batch=2]")), ROWS),
                rule("f32[batch=2, d=1]", new RowOp.LogSumExp(shape("[batch=2, d=1]")), ROWS),
                rule("f32[batch=2]", new RowOp.PickLogit(), ROWS, "i32[batch=2]"),
                rule(
                        QUERIES + "; f32[b=2, s=3, h=4, q=2]",
                        new AttentionOp.Attention(true, 1),
                        QUERIES,
                        KEYS,
                        KEYS),
                rule(
                        QUERIES + "; " + KEYS + "; " + KEYS,
                        new AttentionOp.AttentionGrad(true, 1),
                        QUERIES,
                        KEYS,
                        KEYS,
                        QUERIES,
                        "f32[b=2, s=3, h=4, q=2]",
                        QUERIES),
                rule(KEYS, new AttentionOp.Rotary(10_000, false), KEYS),
                rule(
                        "f32[router=3, batch=2, capacity=4]; i32[router=3, batch=2, capacity=4]; "
                                + "f32[batch=2, router=3]; f32[batch=2, router=3]",
                        new RoutingOp.Route(2, 4),
                        "f32[batch=2, text=5, router=3]"),
                rule(
                        "f32[batch=2, text=5, router=3]",
                        new RoutingOp.RouteGrad(2),
                        "f32[batch=2, text=5, router=3]",
                        POSITIONS,
                        SLOTS),
                rule(SLOTTED, new RoutingOp.Dispatch(shape(EXPERTS)), TEXT, POSITIONS),
                rule(SLOTTED, new RoutingOp.Dispatch(shape(EXPERTS)), TEXT, POSITIONS, SLOTS),
                rule(
                        TEXT,
                        new RoutingOp.Combine(TensorType.parse(TEXT).shape()),
                        SLOTTED,
                        POSITIONS,
                        SLOTS),
                rule(SLOTS, new RoutingOp.SlotDot(), SLOTTED, TEXT, POSITIONS),
                rule("", new Op.RequireFinite("loss"), "f32[]"),
                rule("", new Op.RequireFinite("loss"), "f32[]", "f32[]", "f32[]"),
                rule("f32[]; f32[]", new Update.LossScaleStep(2000), "f32[]", "f32[]"),
                rule("f32[d=5]", new Update.Store(), "f32[d=5]", "f32[d=5]"),
                rule("f32[d=5]", new Update.SgdStep(0, false, 0), "f32[d=5]", "f32[d=5]", "f32[]"),
                rule(
                        "f32[d=5]; f32[d=5]; f32[d=5]",
                        new Update.AdamStep(0.9, 0.999, 1e-8, 0, false),
                        "f32[d=5]",
                        "f32[d=5]",
                        "f32[d=5]",
                        "f32[d=5]",
                        "f32[]",
                        "i64[]"),
                rule(
                        "f32[d=5]; f32[]",
                        new Update.Together(new Update.SgdStep(0, false, 0), 2),
                        "f32[d=5]",
                        "f32[d=5]",
                        "f32[]",
                        "f32[]",
                        "f32[]",
                        "f32[]"),
                rule(ROWS, new Reshard.AllReduce(GROUP), ROWS),
                rule("f32[batch=8, d=5]", new Reshard.AllGather(GROUP, 0), ROWS),
                rule("f32[batch=2, d=2]", new Reshard.ReduceScatter(GROUP, 1), "f32[batch=2, d=8]"),
                rule(ROWS, new Reshard.Rotate(GROUP, 0), ROWS),
                rule("f32[batch=2, d=2]", new Reshard.Slice(GROUP, 1), "f32[batch=2, d=8]"),
                rule("f32[batch=8, d=2]", new Reshard.AllToAll(GROUP, 1, 0), "f32[batch=2, d=8]"),
                rule(ROWS, new Reshard.Relocate(List.of(), List.of()), ROWS),
                rule(ROWS, new Reshard.Broadcast(GROUP, 0), ROWS),
                rule(ROWS, new Reshard.Reduce(GROUP, 0), ROWS),
                rule(ROWS, new Reshard.Send(GROUP, 0, 1), ROWS),
                rule("f32[batch=8, d=5]", new Reshard.Gather(GROUP, 0, 0), ROWS),
                rule("f32[batch=2, d=2]", new Reshard.Scatter(GROUP, 0, 1), "f32[batch=2, d=8]"));
    }

    private static final String QUERIES = "f32[b=2, s=3, h=4, q=2, d=6]";
    private static final String KEYS = "f32[b=2, t=5, h=4, d=6]";

    private static Arguments rule(String expected, Op op, String... operands) {
        return Arguments.of(expected, op, operands);
    }

    @ParameterizedTest(name = "{1} gives {0}")
    @MethodSource("rules")
    void an_op_gives_its_type(String expected, Op op, String[] operands) {
        assertThat(of(op, operands)).isEqualTo(expected);
    }

    @Test
    void a_fused_chain_has_the_type_of_its_operands() {
        var chain =
                new Elementwise.Fused(
                        2,
                        List.of(
                                new Elementwise.Fused.Part(new Elementwise.Add(), List.of(0, 1)),
                                new Elementwise.Fused.Part(new Elementwise.Relu(), List.of(2))));
        assertThat(of(chain, ROWS, ROWS)).isEqualTo(ROWS);
        assertThat(chain.toString()).isEqualTo("fused{add; relu}");
    }

    @Test
    void a_wide_op_stores_each_result_as_its_own_type() {
        TensorType x = TensorType.of(Dtype.BF16, new Dim("row", 2), new Dim("column", 3));
        TensorType gain = TensorType.of(Dtype.F32, new Dim("column", 3));
        var op = new Wide(new Op.LayerNorm(1e-5), List.of(Dtype.BF16, Dtype.F32, Dtype.F32));
        TensorType row = TensorType.of(Dtype.F32, new Dim("row", 2));
        assertThat(ResultTypes.of(op, List.of(x, gain, gain))).containsExactly(x, row, row);
        assertThat(op.toString()).isEqualTo("wide{layer-norm}");
        assertThat(Wide.inside(op)).isEqualTo(op.op());
        assertThat(Wide.inside(op.op())).isEqualTo(op.op());
    }
}
