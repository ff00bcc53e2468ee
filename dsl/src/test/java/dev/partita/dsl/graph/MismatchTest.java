package dev.partita.dsl.graph;

import static com.google.common.truth.Truth.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.dsl.mesh.Axis;
import dev.partita.dsl.problem.Fact;
import dev.partita.dsl.problem.Origin;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.dsl.tensor.Shape;
import dev.partita.dsl.tensor.TensorType;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class MismatchTest {
    private static final String IMAGE = "f32[batch=2, height=8, width=8, channel=3]";
    private static final String ROWS = "f32[batch=2, d=5]";
    private static final Window KERNEL = Window.square(3, 1, 0);

    private static Problem problem(Op op, String... operands) {
        return assertThrows(ProblemException.class, () -> ResultTypesTest.of(op, operands))
                .problem();
    }

    private static Arguments mismatch(String expected, Op op, String... operands) {
        return Arguments.of(expected, op, operands);
    }

    static Stream<Arguments> mismatches() {
        Shape flat = TensorType.parse("f32[batch=2, flat=6]").shape();
        String gradient = "f32[batch=2, height=6, width=6, c=4]";
        Shape weight = TensorType.parse("f32[c=4, kh=3, kw=3, channel=3]").shape();
        Shape image = TensorType.parse(IMAGE).shape();
        return Stream.of(
                mismatch("it takes 0 operands", new Op.Constant(1, TensorType.parse(ROWS)), ROWS),
                mismatch("it places every dim", new Op.Broadcast(List.of(0), flat), ROWS),
                mismatch(
                        "c=4 meets c=5",
                        new Op.Conv2dInputGrad(KERNEL, image),
                        gradient,
                        "f32[c=5, kh=3, kw=3, channel=3]"),
                mismatch(
                        "channel=3 meets channel=2",
                        new Op.Conv2dInputGrad(KERNEL, image),
                        gradient,
                        "f32[c=4, kh=3, kw=3, channel=2]"),
                mismatch(
                        "batch=2 meets batch=3",
                        new Op.Conv2dWeightGrad(KERNEL, false, weight),
                        gradient,
                        "f32[batch=3, height=8, width=8, channel=3]"),
                mismatch(
                        "c=5 meets c=4",
                        new Op.Conv2dWeightGrad(KERNEL, false, weight),
                        "f32[batch=2, height=6, width=6, c=5]",
                        IMAGE),
                mismatch(
                        "channel=1 meets channel=3",
                        new Op.Conv2dWeightGrad(KERNEL, false, weight),
                        gradient,
                        "f32[batch=2, height=8, width=8, channel=1]"),
                mismatch(
                        "its operands differ in type",
                        new Op.Conv2d(KERNEL, Epilogue.NONE),
                        IMAGE,
                        "f64[c=4, kh=3, kw=3, channel=3]"),
                mismatch(
                        "c=4 meets c=5",
                        new Op.Conv2d(KERNEL, Epilogue.BIAS),
                        IMAGE,
                        "f32[c=4, kh=3, kw=3, channel=3]",
                        "f32[c=5]"),
                mismatch(
                        "o=3 meets o=4",
                        new Op.Einsum(EinsumSpec.parse("bk,ok->bo"), Epilogue.BIAS),
                        ROWS,
                        "f32[o=3, d=5]",
                        "f32[o=4]"),
                mismatch(
                        "its gradient fits its input",
                        new Op.LayerNormGrad(),
                        ROWS,
                        "f32[d=5]",
                        "f32[batch=2]",
                        "f32[batch=2]",
                        "f32[batch=2, d=6]"),
                mismatch("it needs at least one dim", new Op.CrossEntropy(), "f32[]", "i32[]"),
                mismatch(
                        "the gradient has the weight's type or a narrower one",
                        new Update.SgdStep(0, false, 0),
                        "f32[d=5]",
                        "f64[d=5]",
                        "f32[]"),
                mismatch(
                        "it becomes [batch=2, flat=6]",
                        new Op.Flatten(1, 2, flat),
                        "f32[batch=3, a=2, b=2]"),
                mismatch("it takes 1 operands", new Elementwise.Relu(), ROWS, ROWS),
                mismatch(
                        "its operands differ in size",
                        new Elementwise.Add(),
                        ROWS,
                        "f32[batch=2, d=6]"),
                mismatch(
                        "its operands differ in type",
                        new Elementwise.Add(),
                        ROWS,
                        "f64[batch=2, d=5]"),
                mismatch("it becomes [batch=2, flat=6]", new Op.Flatten(1, 1, flat), ROWS),
                mismatch(
                        "batch=2 meets batch=3",
                        new Op.Broadcast(List.of(0), flat.with(0, flat.dim(0).withSize(3))),
                        "f32[batch=2]"),
                mismatch("there is a micro-batch 2", new Op.MicroBatch(2), ROWS),
                mismatch("there is a micro-batch 0", new Op.MicroBatch(0), "f32[]"),
                mismatch("operand 1 has 0 dims", new Op.ScaleBy(), ROWS, "f32[d=5]"),
                mismatch(
                        "it counts in floating numbers",
                        new Op.Ignoring(0, Dtype.I32),
                        "i32[batch=2]"),
                mismatch("it sums over its dims", new Op.Sum(List.of(2)), ROWS),
                mismatch("d=5 meets d=4", new Op.AddBias(), ROWS, "f32[d=4]"),
                mismatch("d=5 meets d=4", Op.Einsum.of("bk,ok->bo"), ROWS, "f32[o=3, d=4]"),
                mismatch("operand 0 has 2 dims", Op.Einsum.of("bk,ok->bo"), IMAGE, "f32[o=3, d=4]"),
                mismatch(
                        "its operands differ in type",
                        Op.Einsum.of("bk,ok->bo"),
                        ROWS,
                        "bf16[o=3, d=5]"),
                mismatch(
                        "channel=3 meets channel=1",
                        new Op.Conv2d(KERNEL, Epilogue.NONE),
                        IMAGE,
                        "f32[c=4, kh=3, kw=3, channel=1]"),
                mismatch(
                        "the window 9x9 is larger than the image",
                        new Op.Conv2d(Window.square(9, 1, 0), Epilogue.NONE),
                        IMAGE,
                        "f32[c=4, kh=9, kw=9, channel=3]"),
                mismatch("operand 0 has 4 dims", new Op.MaxPool(KERNEL), ROWS),
                mismatch(
                        "positions fit the gradient",
                        new Op.MaxPoolGrad(KERNEL, TensorType.parse(IMAGE).shape()),
                        IMAGE,
                        IMAGE),
                mismatch(
                        "its operands differ in size",
                        new Op.SoftmaxGrad(),
                        ROWS,
                        "f32[batch=2, d=6]"),
                mismatch("d=5 meets d=4", new Op.LayerNorm(1e-5), ROWS, "f32[d=5]", "f32[d=4]"),
                mismatch("operand 1 is i32", new Op.Embedding(), "f32[v=9, d=5]", ROWS),
                mismatch(
                        "its gradient has one row per id",
                        new Op.EmbeddingGrad(flat),
                        "i32[batch=3]",
                        ROWS),
                mismatch(
                        "its second operand is the step, i64[]",
                        new Op.Dropout(0.1, 0),
                        ROWS,
                        "i32[]"),
                mismatch("operand 1 is i32", new Op.CrossEntropy(), ROWS, "f32[batch=2]"),
                mismatch(
                        "there is one label per row of logits",
                        new Op.CrossEntropy(),
                        ROWS,
                        "i32[batch=3]"),
                mismatch(
                        "there is one gradient per row of logits",
                        new Op.CrossEntropyGrad(),
                        ROWS,
                        "i32[batch=2]",
                        "f32[batch=2]",
                        "f32[]"),
                mismatch("it takes 2 operands", new RowOp.RmsNorm(0), ROWS),
                mismatch(
                        "it has one scale per row",
                        new RowOp.RmsNormGrad(),
                        ROWS,
                        "f32[d=5]",
                        "f32[batch=3]",
                        ROWS),
                mismatch(
                        "a row divides into the stretches of [batch=2, d=2]",
                        new RowOp.LogSumExp(TensorType.parse("f32[batch=2, d=2]").shape()),
                        ROWS),
                mismatch(
                        "there is one label per row of logits",
                        new RowOp.PickLogit(),
                        ROWS,
                        "i32[batch=3]"),
                mismatch(
                        "h=2 meets h=3",
                        new AttentionOp.Attention(false, 1),
                        "f32[b=1, s=2, h=2, q=1, d=4]",
                        "f32[b=1, s=2, h=3, d=4]",
                        "f32[b=1, s=2, h=3, d=4]"),
                mismatch(
                        "it turns pairs of [batch, position, ..., size]",
                        new AttentionOp.Rotary(100, false),
                        "f32[b=1, s=2, d=3]"),
                mismatch(
                        "it chooses between 1 and all of its experts",
                        new RoutingOp.Route(4, 1),
                        "f32[batch=2, text=5, router=3]"),
                mismatch(
                        "an expert has between 1 and as many slots as there are positions",
                        new RoutingOp.Route(1, 6),
                        "f32[batch=2, text=5, router=3]"),
                mismatch(
                        "router=4 meets router=3",
                        new RoutingOp.RouteGrad(1),
                        "f32[batch=2, text=5, router=3]",
                        "i32[router=4, batch=2, capacity=1]",
                        "f32[router=4, batch=2, capacity=1]"),
                mismatch(
                        "it takes positions, and perhaps weights",
                        new RoutingOp.Dispatch(TensorType.parse(ROWS).shape()),
                        "f32[batch=2, text=5, model=6]"),
                mismatch(
                        "it becomes [batch=2, d=5]",
                        new RoutingOp.Dispatch(TensorType.parse(ROWS).shape()),
                        "f32[batch=2, text=5, model=6]",
                        "i32[router=3, batch=2, capacity=4]"),
                mismatch(
                        "operand 1 is i32",
                        new RoutingOp.Combine(TensorType.parse(ROWS).shape()),
                        "f32[expert=3, group=2, capacity=4, model=6]",
                        "f32[router=3, batch=2, capacity=4]"),
                mismatch(
                        "there is a row per slot",
                        new RoutingOp.SlotDot(),
                        "f32[expert=3, group=2, capacity=5, model=6]",
                        "f32[batch=2, text=5, model=6]",
                        "i32[router=3, batch=2, capacity=4]"),
                mismatch("it casts floating numbers", new Op.Cast(Dtype.I32), ROWS),
                mismatch("operand 0 has 0 dims", new Op.RequireFinite("loss"), ROWS),
                mismatch(
                        "it takes a scalar, and perhaps a loss scale and its good steps",
                        new Op.RequireFinite("loss"),
                        "f32[]",
                        "f32[]"),
                mismatch(
                        "the gradient fits the weight",
                        new Update.SgdStep(0, false, 0),
                        ROWS,
                        "f32[d=5]",
                        "f32[]"),
                mismatch(
                        "the new value has the old one's type",
                        new Update.Store(),
                        "f32[d=5]",
                        "f32[d=4]"),
                mismatch(
                        "its dim divides over the group",
                        new Reshard.Slice(List.of(new Axis("data", 2)), 1),
                        ROWS));
    }

    @ParameterizedTest(name = "{1}: {0}")
    @MethodSource("mismatches")
    void operands_that_do_not_fit_are_a_problem_that_says_what_was_expected(
            String expected, Op op, String[] operands) {
        Problem problem = problem(op, operands);
        assertThat(problem.facts().getFirst()).isEqualTo(new Fact("expected", expected));
        boolean ofType = expected.endsWith("i32");
        assertThat(problem.code())
                .isEqualTo(ofType ? ProblemCode.DTYPE_MISMATCH : ProblemCode.SHAPE_MISMATCH);
    }

    @Test
    void the_problem_shows_every_operand() {
        String expected =
                """
                [ShapeMismatch] The operands of add-bias do not fit.
                  expected:  d=5 meets d=4
                  operand 0: f32[batch=2, d=5]
                  operand 1: f32[d=4]
                  try:       change the layer's size, or the layer before it\
                """;
        assertThat(problem(new Op.AddBias(), ROWS, "f32[d=4]").at(Origin.UNKNOWN).print())
                .isEqualTo(expected);
    }
}
