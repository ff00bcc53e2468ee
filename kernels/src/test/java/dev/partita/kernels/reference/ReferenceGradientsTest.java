package dev.partita.kernels.reference;

import static com.google.common.truth.Truth.assertWithMessage;
import static dev.partita.kernels.Types.f64;

import dev.partita.dsl.graph.AttentionOp;
import dev.partita.dsl.graph.BatchNorm;
import dev.partita.dsl.graph.Elementwise;
import dev.partita.dsl.graph.Epilogue;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.ResultTypes;
import dev.partita.dsl.graph.RoutingOp;
import dev.partita.dsl.graph.RowOp;
import dev.partita.dsl.graph.Window;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.dsl.tensor.TensorType;
import dev.partita.kernels.Trial;
import dev.partita.kernels.Types;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Every gradient op against finite differences of the op it is the gradient of, in f64.
class ReferenceGradientsTest {
    private static final double STEP = 1e-5;
    private static final double TOLERANCE = 1e-7;

    @Test
    void relu_gelu_and_silu() {
        TensorType x = f64("17");
        Map<Elementwise, Elementwise> gradients =
                Map.of(
                        new Elementwise.Relu(), new Elementwise.ReluGrad(),
                        new Elementwise.Gelu(), new Elementwise.GeluGrad(),
                        new Elementwise.Silu(), new Elementwise.SiluGrad());
        gradients.forEach((op, grad) -> {
            Trial forward = Trial.of(1, op, x);
            double[] dy = random(17);
            Trial backward = Trial.of(2, grad, x, x).with(0, forward.operand(0)).with(1, dy);
            check(forward, 0, dy, backward.truth().getFirst());
        });
    }

    @ParameterizedTest
    @CsvSource({"1, 0", "2, 0", "1, 1", "2, 1"})
    void convolution(int stride, int padding) {
        TensorType x = f64("2,5,6,3");
        TensorType w = f64("4,3,2,3");
        var window = new Window(3, 2, stride, padding);
        var op = new Op.Conv2d(window, Epilogue.BIAS);
        Trial forward = Trial.of(3, op, x, w, f64("4"));
        TensorType y = ResultTypes.of(op, List.of(x, w, f64("4"))).getFirst();
        double[] dy = random(y.shape().elements());
        Trial dx =
                Trial.of(4, new Op.Conv2dInputGrad(window, x.shape()), y, w)
                        .with(0, dy)
                        .with(1, forward.operand(1));
        Trial dw =
                Trial.of(5, new Op.Conv2dWeightGrad(window, true, w.shape()), y, x)
                        .with(0, dy)
                        .with(1, forward.operand(0));
        check(forward, 0, dy, dx.truth().getFirst());
        check(forward, 1, dy, dw.truth().get(0));
        check(forward, 2, dy, dw.truth().get(1));
    }

    @ParameterizedTest
    @CsvSource({"2, 2, 0", "3, 1, 1", "3, 2, 1"})
    void max_pooling(int size, int stride, int padding) {
        TensorType x = f64("2,6,7,3");
        var op = new Op.MaxPool(Window.square(size, stride, padding));
        Trial forward = Trial.of(6, op, x);
        TensorType y = ResultTypes.of(op, List.of(x)).getFirst();
        double[] dy = random(y.shape().elements());
        Trial backward =
                Trial.of(7, new Op.MaxPoolGrad(op.window(), x.shape()), y, y.withDtype(Dtype.U8))
                        .with(0, dy)
                        .with(1, forward.truth().get(1));
        check(forward, 0, dy, backward.truth().getFirst());
    }

    @Test
    void softmax() {
        TensorType x = f64("3,5");
        Trial forward = Trial.of(8, new Op.Softmax(), x);
        double[] dy = random(15);
        Trial backward =
                Trial.of(9, new Op.SoftmaxGrad(), x, x)
                        .with(0, forward.truth().getFirst())
                        .with(1, dy);
        check(forward, 0, dy, backward.truth().getFirst());
    }

    @Test
    void layer_norm() {
        TensorType x = f64("3,5");
        TensorType gain = f64("5");
        TensorType row = f64("3");
        Trial forward = Trial.of(10, new Op.LayerNorm(1e-5), x, gain, gain);
        double[] dy = random(15);
        Trial backward =
                Trial.of(11, new Op.LayerNormGrad(), x, gain, row, row, x)
                        .with(0, forward.operand(0))
                        .with(1, forward.operand(1))
                        .with(2, forward.truth().get(1))
                        .with(3, forward.truth().get(2))
                        .with(4, dy);
        for (int operand = 0; operand < 3; operand++) {
            check(forward, operand, dy, backward.truth().get(operand));
        }
    }

    @Test
    void rms_norm() {
        TensorType x = f64("3,5");
        TensorType gain = f64("5");
        Trial forward = Trial.of(20, new RowOp.RmsNorm(1e-5), x, gain);
        double[] dy = random(15);
        Trial backward =
                Trial.of(21, new RowOp.RmsNormGrad(), x, gain, f64("3"), x)
                        .with(0, forward.operand(0))
                        .with(1, forward.operand(1))
                        .with(2, forward.truth().get(1))
                        .with(3, dy);
        check(forward, 0, dy, backward.truth().get(0));
        check(forward, 1, dy, backward.truth().get(1));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "true; 2,4,3,1,4; 2,4,3,4",
                "false; 1,3,2,2,3; 1,5,2,3",
                "true; 1,1,1,2,2; 1,1,1,2"
            })
    void attention(boolean causal, String queries, String keys) {
        TensorType q = f64(queries);
        TensorType k = f64(keys);
        TensorType row = f64(queries.substring(0, queries.lastIndexOf(',')));
        Trial forward = Trial.of(22, new AttentionOp.Attention(causal, 0.7), q, k, k);
        double[] dy = random(q.shape().elements());
        Trial backward =
                Trial.of(23, new AttentionOp.AttentionGrad(causal, 0.7), q, k, k, q, row, q)
                        .with(0, forward.operand(0))
                        .with(1, forward.operand(1))
                        .with(2, forward.operand(2))
                        .with(3, forward.truth().get(0))
                        .with(4, forward.truth().get(1))
                        .with(5, dy);
        for (int operand = 0; operand < 3; operand++) {
            check(forward, operand, dy, backward.truth().get(operand));
        }
    }

    /// Choices do not change within a step, so a small step shows the slope.
    @ParameterizedTest
    @CsvSource({"1, 2", "2, 2", "3, 1", "4, 5"})
    void routing(int choices, int capacity) {
        TensorType p = f64("2,5,4");
        Trial forward = Trial.of(26, new RoutingOp.Route(choices, capacity), p);
        double[] probabilities = new Random(26).doubles(40, 0.1, 1).toArray();
        forward = forward.with(0, probabilities);
        TensorType slots = f64("4,2," + capacity);
        double[] dy = random(slots.shape().elements());
        Trial backward =
                Trial.of(
                                27,
                                new RoutingOp.RouteGrad(choices),
                                p,
                                Types.i32("4,2," + capacity),
                                slots)
                        .with(0, probabilities)
                        .with(1, forward.truth().get(1))
                        .with(2, dy);
        check(forward, 0, dy, backward.truth().getFirst());
    }

    @Test
    void dispatch_and_combine_are_each_others_gradients() {
        TensorType x = f64("2,3,2");
        TensorType y = f64("2,2,2,2");
        TensorType slots = f64("2,2,2");
        TensorType positions = Types.i32("2,2,2");
        double[] at = {0, 2, 1, -1, 2, 1, 0, 1};
        var dispatch = new RoutingOp.Dispatch(y.shape());
        var combine = new RoutingOp.Combine(x.shape());
        double[] dy = random(16);
        double[] dx = random(12);
        Trial there = Trial.of(28, dispatch, x, positions, slots).with(1, at);
        double[] weights = there.operand(2);
        Trial back = Trial.of(29, combine, y, positions, slots).with(1, at).with(2, weights);
        check(there, 0, dy, back.with(0, dy).truth().getFirst());
        check(back, 0, dx, there.with(0, dx).truth().getFirst());
        Trial dots = Trial.of(30, new RoutingOp.SlotDot(), y, x, positions).with(2, at);
        check(there, 2, dy, dots.with(0, dy).with(1, there.operand(0)).truth().getFirst());
        check(back, 2, dx, dots.with(0, back.operand(0)).with(1, dx).truth().getFirst());
    }

    @Test
    void rotary_positions_are_turned_back() {
        TensorType x = f64("2,3,2,4");
        Trial forward = Trial.of(24, new AttentionOp.Rotary(100, false), x);
        double[] dy = random(48);
        Trial backward = Trial.of(25, new AttentionOp.Rotary(100, true), x).with(0, dy);
        check(forward, 0, dy, backward.truth().getFirst());
    }

    @Test
    void batch_norm_through_its_statistics() {
        TensorType x = f64("2,3,2");
        TensorType c = f64("2");
        Trial sums = Trial.of(20, new Op.Sum(List.of(0, 1)), x);
        double[] dy = random(12);
        double[] start = sums.operand(0);
        double[] gain = {1.5, -0.7};
        double[] shift = {0.2, 0.1};
        var normalize = new BatchNorm.Normalize(1e-5, true);
        double[] mean = mean(x, start);
        double[] variance = variance(x, c, start);
        Trial given =
                Trial.of(21, new BatchNorm.SumsGrad(1e-5), x, c, c, x)
                        .with(0, start)
                        .with(1, mean)
                        .with(2, variance)
                        .with(3, dy);
        double[] dgain = given.truth().get(0);
        double[] dshift = given.truth().get(1);
        double[] dx =
                Trial.of(22, new BatchNorm.InputGrad(1e-5, 6), x, c, c, c, x, c, c)
                        .with(0, start)
                        .with(1, mean)
                        .with(2, variance)
                        .with(3, gain)
                        .with(4, dy)
                        .with(5, dgain)
                        .with(6, dshift)
                        .truth()
                        .getFirst();
        for (int i = 0; i < start.length; i++) {
            double slope = 0;
            for (double step : new double[] {STEP, -STEP}) {
                double[] moved = start.clone();
                moved[i] += step;
                double[] y =
                        Trial.of(23, normalize, x, c, c, c, c)
                                .with(0, moved)
                                .with(1, mean(x, moved))
                                .with(2, variance(x, c, moved))
                                .with(3, gain)
                                .with(4, shift)
                                .truth()
                                .getFirst();
                for (int j = 0; j < y.length; j++) {
                    slope += y[j] * dy[j] / (2 * step);
                }
            }
            assertWithMessage("element %s", i).that(dx[i]).isWithin(TOLERANCE).of(slope);
        }
        Trial forward =
                Trial.of(24, normalize, x, c, c, c, c)
                        .with(0, start)
                        .with(1, mean)
                        .with(2, variance);
        check(forward, 3, dy, dgain);
        check(forward, 4, dy, dshift);
    }

    private static double[] mean(TensorType type, double[] x) {
        double[] sums = Trial.of(0, new Op.Sum(List.of(0, 1)), type).with(0, x).truth().getFirst();
        return Arrays.stream(sums).map(s -> s / 6).toArray();
    }

    private static double[] variance(TensorType type, TensorType channels, double[] x) {
        double[] squares =
                Trial.of(0, new BatchNorm.Squares(), type, channels)
                        .with(0, x)
                        .with(1, mean(type, x))
                        .truth()
                        .getFirst();
        return Arrays.stream(squares).map(s -> s / 6).toArray();
    }

    @ParameterizedTest(name = "label smoothing {0}")
    @ValueSource(doubles = {0, 0.1, 0.9})
    void cross_entropy(double smoothing) {
        TensorType logits = f64("4,3");
        double[] labels = {0, 2, 1, 2};
        Trial forward =
                Trial.of(12, new Op.CrossEntropy(smoothing), logits, Types.i32("4"))
                        .with(1, labels);
        double[] dloss = random(4);
        Trial backward =
                Trial.of(
                                13,
                                new Op.CrossEntropyGrad(smoothing),
                                logits,
                                Types.i32("4"),
                                f64("4"),
                                f64("4"))
                        .with(0, forward.operand(0))
                        .with(1, labels)
                        .with(2, forward.truth().get(1))
                        .with(3, dloss);
        check(forward, 0, dloss, backward.truth().getFirst());
    }

    @Test
    void embedding() {
        TensorType table = f64("4,3");
        double[] ids = {3, 1, 3, 0, 3};
        Trial forward = Trial.of(14, new Op.Embedding(), table, Types.i32("5")).with(1, ids);
        double[] dy = random(15);
        Trial backward =
                Trial.of(15, new Op.EmbeddingGrad(table.shape()), Types.i32("5"), f64("5,3"))
                        .with(0, ids)
                        .with(1, dy);
        check(forward, 0, dy, backward.truth().getFirst());
    }

    @Test
    void einsum() {
        var op = Op.Einsum.of("bsk,ok->bso");
        Trial forward = Trial.of(16, op, f64("2,3,4"), f64("5,4"));
        double[] dy = random(30);
        Trial left =
                Trial.of(
                                17,
                                new Op.Einsum(op.spec().leftGradient(), Epilogue.NONE),
                                f64("2,3,5"),
                                f64("5,4"))
                        .with(0, dy)
                        .with(1, forward.operand(1));
        Trial right =
                Trial.of(
                                18,
                                new Op.Einsum(op.spec().rightGradient(), Epilogue.NONE),
                                f64("2,3,5"),
                                f64("2,3,4"))
                        .with(0, dy)
                        .with(1, forward.operand(0));
        check(forward, 0, dy, left.truth().getFirst());
        check(forward, 1, dy, right.truth().getFirst());
    }

    /// Requires that `gradient` is the slope of `sum(dy * result)` along every element of an
    /// operand.
    private static void check(Trial forward, int operand, double[] dy, double[] gradient) {
        double[] x = forward.operand(operand);
        for (int i = 0; i < x.length; i++) {
            double above = along(forward, operand, x, i, STEP, dy);
            double below = along(forward, operand, x, i, -STEP, dy);
            assertWithMessage("%s, operand %s, element %s", forward, operand, i)
                    .that(gradient[i])
                    .isWithin(TOLERANCE)
                    .of((above - below) / (2 * STEP));
        }
    }

    private static double along(
            Trial forward, int operand, double[] x, int i, double step, double[] dy) {
        double[] moved = x.clone();
        moved[i] += step;
        double[] y = forward.with(operand, moved).truth().getFirst();
        double sum = 0;
        for (int j = 0; j < y.length; j++) {
            sum += y[j] * dy[j];
        }
        return sum;
    }

    private static double[] random(long count) {
        return new Random(0).doubles(count, -1, 1).toArray();
    }
}
