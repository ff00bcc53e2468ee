package dev.partita.dsl.graph;

import static com.google.common.truth.Truth.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.dsl.mesh.Axis;
import dev.partita.dsl.mesh.Coordinate;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.dsl.tensor.Shape;
import dev.partita.dsl.tensor.TensorType;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// How ops print is what a person reads in every plan, and what every golden of the passes is made
/// of.
class PrintedOpsTest {
    private static final TensorType TYPE = TensorType.parse("f32[d=4]");
    private static final Shape SHAPE = TYPE.shape();
    private static final Window WINDOW = new Window(3, 5, 2, 1);
    private static final List<Coordinate> HOME = List.of(new Coordinate("data", 0));
    private static final List<Axis> AXES = List.of(new Axis("data", 2), new Axis("tensor", 4));

    static Stream<Arguments> ops() {
        return Stream.of(
                Arguments.of("input \"x\"", new Op.Input("x", TYPE)),
                Arguments.of(
                        "parameter \"w\"", new Op.Parameter("w", TYPE, new Initializer.Fill(0))),
                Arguments.of("state \"v\"", new Op.State("v", TYPE, 0)),
                Arguments.of("constant 1.0", new Op.Constant(1, TYPE)),
                Arguments.of("flatten 1..3", new Op.Flatten(1, 3, SHAPE)),
                Arguments.of("unflatten 1..3", new Op.Unflatten(1, 3, SHAPE)),
                Arguments.of("broadcast [0, 2]", new Op.Broadcast(List.of(0, 2), SHAPE)),
                Arguments.of("cast bf16", new Op.Cast(Dtype.BF16)),
                Arguments.of("micro-batch 2", new Op.MicroBatch(2)),
                Arguments.of("scale-by", new Op.ScaleBy()),
                Arguments.of("clip-factor 1.0", new Elementwise.ClipFactor(1)),
                Arguments.of("dropout 0.5 stream 3 from 64", new Op.Dropout(0.5, 3, 64)),
                Arguments.of("sum [0, 1]", new Op.Sum(List.of(0, 1))),
                Arguments.of("sum-squares", new Op.SumSquares()),
                Arguments.of("add-bias", new Op.AddBias()),
                Arguments.of("einsum bk,ok->bo", Op.Einsum.of("bk,ok->bo")),
                Arguments.of(
                        "einsum k,ok->o+bias+relu",
                        new Op.Einsum(EinsumSpec.parse("k,ok->o"), Epilogue.BIAS_RELU)),
                Arguments.of("conv2d 3x5 stride 2 padding 1", new Op.Conv2d(WINDOW, Epilogue.NONE)),
                Arguments.of(
                        "conv2d 3x5 stride 2 padding 1+relu", new Op.Conv2d(WINDOW, Epilogue.RELU)),
                Arguments.of(
                        "conv2d-input-grad 3x5 stride 2 padding 1",
                        new Op.Conv2dInputGrad(WINDOW, SHAPE)),
                Arguments.of(
                        "conv2d-weight-grad 2x2+bias",
                        new Op.Conv2dWeightGrad(Window.square(2, 1, 0), true, SHAPE)),
                Arguments.of("max-pool 2x2 stride 2", new Op.MaxPool(Window.square(2, 2, 0))),
                Arguments.of(
                        "max-pool-grad 2x2 stride 2",
                        new Op.MaxPoolGrad(Window.square(2, 2, 0), SHAPE)),
                Arguments.of("softmax", new Op.Softmax()),
                Arguments.of("softmax-grad", new Op.SoftmaxGrad()),
                Arguments.of("layer-norm", new Op.LayerNorm(1e-5)),
                Arguments.of("layer-norm-grad", new Op.LayerNormGrad()),
                Arguments.of("batch-norm-squares", new BatchNorm.Squares()),
                Arguments.of("batch-norm", new BatchNorm.Normalize(1e-5, true)),
                Arguments.of("batch-norm given", new BatchNorm.Normalize(1e-5, false)),
                Arguments.of("batch-norm-sums-grad", new BatchNorm.SumsGrad(1e-5)),
                Arguments.of("batch-norm-input-grad of 8", new BatchNorm.InputGrad(1e-5, 8)),
                Arguments.of("embedding", new Op.Embedding()),
                Arguments.of("embedding-grad", new Op.EmbeddingGrad(SHAPE)),
                Arguments.of("dropout 0.5 stream 3", new Op.Dropout(0.5, 3)),
                Arguments.of("ignoring -100", new Op.Ignoring(-100, Dtype.F32)),
                Arguments.of("mean-weight", new Elementwise.MeanWeight()),
                Arguments.of("cross-entropy smoothing 0.1", new Op.CrossEntropy(0.1)),
                Arguments.of("cross-entropy-grad smoothing 0.1", new Op.CrossEntropyGrad(0.1)),
                Arguments.of("pick-logit smoothing 0.1", new RowOp.PickLogit(0.1)),
                Arguments.of("cross-entropy", new Op.CrossEntropy()),
                Arguments.of("cross-entropy-grad", new Op.CrossEntropyGrad()),
                Arguments.of("rms-norm", new RowOp.RmsNorm(1e-5)),
                Arguments.of("rms-norm-grad", new RowOp.RmsNormGrad()),
                Arguments.of("log-sum-exp", new RowOp.LogSumExp(SHAPE)),
                Arguments.of("pick-logit", new RowOp.PickLogit()),
                Arguments.of("attention", new AttentionOp.Attention(false, 1)),
                Arguments.of("causal-attention", new AttentionOp.Attention(true, 1)),
                Arguments.of("causal-attention-grad", new AttentionOp.AttentionGrad(true, 1)),
                Arguments.of("rotary", new AttentionOp.Rotary(10_000, false)),
                Arguments.of("rotary-back", new AttentionOp.Rotary(10_000, true)),
                Arguments.of("route 2 into 5", new RoutingOp.Route(2, 5)),
                Arguments.of("route-grad 2", new RoutingOp.RouteGrad(2)),
                Arguments.of("dispatch", new RoutingOp.Dispatch(SHAPE)),
                Arguments.of("combine", new RoutingOp.Combine(SHAPE)),
                Arguments.of("slot-dot", new RoutingOp.SlotDot()),
                Arguments.of("silu", new Elementwise.Silu()),
                Arguments.of("silu-grad", new Elementwise.SiluGrad()),
                Arguments.of("require-finite loss", new Op.RequireFinite("loss")),
                Arguments.of("relu-grad", new Elementwise.ReluGrad()),
                Arguments.of("gelu-grad", new Elementwise.GeluGrad()),
                Arguments.of("tanh", new Elementwise.Tanh()),
                Arguments.of("tanh-grad", new Elementwise.TanhGrad()),
                Arguments.of("square-root", new Elementwise.SquareRoot()),
                Arguments.of("scale 0.5", new Elementwise.Scale(0.5)),
                Arguments.of("store", new Update.Store()),
                Arguments.of("loss-scale-step 2000", new Update.LossScaleStep(2000)),
                Arguments.of("reciprocal", new Elementwise.Reciprocal()),
                Arguments.of("sgd-step", new Update.SgdStep(0, false, 0)),
                Arguments.of("adam-step", new Update.AdamStep(0.9, 0.999, 1e-8, 0, false)),
                Arguments.of(
                        "sgd-step x3", new Update.Together(new Update.SgdStep(0, false, 0), 3)),
                Arguments.of("adamw-step", new Update.AdamStep(0.9, 0.999, 1e-8, 0, true)),
                Arguments.of("all-reduce data x tensor", new Reshard.AllReduce(AXES)),
                Arguments.of("all-gather data x tensor dim 1", new Reshard.AllGather(AXES, 1)),
                Arguments.of(
                        "reduce-scatter data x tensor dim 1", new Reshard.ReduceScatter(AXES, 1)),
                Arguments.of(
                        "all-to-all data x tensor dim 0 to 1", new Reshard.AllToAll(AXES, 0, 1)),
                Arguments.of(
                        "all-to-all data x tensor dim 2 to 1 balanced",
                        new Reshard.AllToAll(
                                AXES, new Reshard.Cut(2, false), new Reshard.Cut(1, true))),
                Arguments.of("rotate data x tensor dim 1", new Reshard.Rotate(AXES, 1)),
                Arguments.of("broadcast data x tensor from 5", new Reshard.Broadcast(AXES, 5)),
                Arguments.of("reduce data x tensor to 5", new Reshard.Reduce(AXES, 5)),
                Arguments.of("scatter data x tensor from 5 dim 1", new Reshard.Scatter(AXES, 5, 1)),
                Arguments.of("gather data x tensor to 5 dim 1", new Reshard.Gather(AXES, 5, 1)),
                Arguments.of("send data x tensor from 5 to 6", new Reshard.Send(AXES, 5, 6)),
                Arguments.of("relocate from data=0", new Reshard.Relocate(HOME, List.of())),
                Arguments.of("relocate to data=0", new Reshard.Relocate(List.of(), HOME)),
                Arguments.of(
                        "relocate from data=0 to data=1, pipe=2",
                        new Reshard.Relocate(
                                HOME,
                                List.of(new Coordinate("pipe", 2), new Coordinate("data", 1)))),
                Arguments.of("slice data x tensor dim 1", new Reshard.Slice(AXES, 1)),
                Arguments.of(
                        "slice data x tensor dim 1 balanced",
                        new Reshard.Slice(AXES, new Reshard.Cut(1, true))));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("ops")
    void an_op_prints_its_name_and_what_a_reader_needs(String expected, Op op) {
        assertThat(op.toString()).isEqualTo(expected);
    }

    @Test
    void a_shaped_op_may_be_said_for_another_shape() {
        Shape local = TensorType.parse("f32[d=2]").shape();
        for (Op.Shaped op :
                List.of(
                        new Op.Flatten(0, 0, SHAPE),
                        new Op.Unflatten(0, 0, SHAPE),
                        new Op.Broadcast(List.of(), SHAPE),
                        new Op.Conv2dInputGrad(WINDOW, SHAPE),
                        new Op.Conv2dWeightGrad(WINDOW, false, SHAPE),
                        new Op.MaxPoolGrad(WINDOW, SHAPE),
                        new RowOp.LogSumExp(SHAPE),
                        new RoutingOp.Dispatch(SHAPE),
                        new RoutingOp.Combine(SHAPE),
                        new Op.EmbeddingGrad(SHAPE))) {
            Op changed = op.to(local);
            assertThat(changed.getClass()).isEqualTo(op.getClass());
            assertThat(((Op.Shaped) changed).to()).isEqualTo(local);
            assertThat(changed.toString()).isEqualTo(op.toString());
        }
    }

    @Test
    void a_window_counts_its_positions_and_refuses_what_cannot_be() {
        assertThat(WINDOW.positions(28, 3)).isEqualTo(14);
        assertThat(Window.square(5, 1, 0).positions(28, 5)).isEqualTo(24);
        assertThrows(IllegalArgumentException.class, () -> Window.square(0, 1, 0));
        assertThrows(IllegalArgumentException.class, () -> Window.square(2, 0, 0));
        assertThrows(IllegalArgumentException.class, () -> Window.square(2, 1, -1));
    }

    @Test
    void a_group_has_as_many_devices_as_its_axes_together() {
        assertThat(new Reshard.AllReduce(AXES).size()).isEqualTo(8);
        assertThat(new Reshard.AllReduce(List.of()).size()).isEqualTo(1);
    }
}
