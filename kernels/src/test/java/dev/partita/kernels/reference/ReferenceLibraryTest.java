package dev.partita.kernels.reference;

import static com.google.common.truth.Truth.assertThat;
import static dev.partita.kernels.Types.f32;
import static dev.partita.kernels.Types.f64;
import static dev.partita.kernels.Types.i32;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.dsl.graph.AttentionOp;
import dev.partita.dsl.graph.BatchNorm;
import dev.partita.dsl.graph.EinsumSpec;
import dev.partita.dsl.graph.Elementwise;
import dev.partita.dsl.graph.Epilogue;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.graph.ResultTypes;
import dev.partita.dsl.graph.RoutingOp;
import dev.partita.dsl.graph.RowOp;
import dev.partita.dsl.graph.Update;
import dev.partita.dsl.graph.Wide;
import dev.partita.dsl.graph.Window;
import dev.partita.dsl.mesh.Axis;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.dsl.tensor.Region;
import dev.partita.dsl.tensor.TensorType;
import dev.partita.kernels.Buffer;
import dev.partita.kernels.KernelRequest;
import dev.partita.kernels.Trial;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class ReferenceLibraryTest {
    /// Ops without a kernel: the runtime feeds the leaves, checks the scalar and communicates.
    private static final Set<Class<?>> NOT_COMPUTED =
            Set.of(
                    Op.Input.class,
                    Op.Parameter.class,
                    Op.State.class,
                    Op.RequireFinite.class,
                    Op.Border.class,
                    Reshard.AllReduce.class,
                    Reshard.AllGather.class,
                    Reshard.ReduceScatter.class,
                    Reshard.AllToAll.class,
                    Reshard.Rotate.class,
                    Reshard.Broadcast.class,
                    Reshard.Reduce.class,
                    Reshard.Scatter.class,
                    Reshard.Gather.class,
                    Reshard.Send.class);

    @Test
    void every_op_is_computed_or_on_the_list_of_those_that_are_not() {
        Set<Class<?>> computed =
                examples().stream()
                        .peek(trial ->
                                assertThat(trial.run(new ReferenceLibrary()).isPresent()).isTrue())
                        .map(Trial::op)
                        .map(Object::getClass)
                        .collect(Collectors.toCollection(LinkedHashSet::new));
        var all = new LinkedHashSet<Class<?>>();
        collect(Op.class, all);
        assertThat(all.size()).isGreaterThan(40);
        computed.addAll(NOT_COMPUTED);
        assertThat(computed).containsExactlyElementsIn(all);
    }

    private static void collect(Class<?> type, Set<Class<?>> records) {
        if (type.isRecord()) {
            records.add(type);
        } else {
            for (Class<?> permitted : type.getPermittedSubclasses()) {
                collect(permitted, records);
            }
        }
    }

    private static List<Trial> examples() {
        TensorType v = f64("4");
        TensorType m = f64("3,4");
        TensorType x = f64("1,4,4,2");
        TensorType w = f64("3,2,2,2");
        TensorType q = f64("1,3,2,2,4");
        TensorType k = f64("1,3,2,4");
        TensorType routes = f64("2,3,4");
        TensorType slots = f64("4,2,2");
        TensorType positions = i32("4,2,2");
        TensorType slotted = f64("4,2,2,4");
        TensorType scalar = f64("");
        TensorType step = TensorType.scalar(Dtype.I64);
        Window window = Window.square(2, 2, 0);
        TensorType conv =
                ResultTypes.of(new Op.Conv2d(window, Epilogue.NONE), List.of(x, w)).getFirst();
        TensorType pool = ResultTypes.of(new Op.MaxPool(window), List.of(x)).getFirst();
        return List.of(
                Trial.of(0, new Op.Constant(3, v)),
                Trial.of(0, new Op.Flatten(0, 1, f64("12").shape()), m),
                Trial.of(0, new Op.Unflatten(0, 1, f64("2,2").shape()), v),
                Trial.of(0, new Op.Broadcast(List.of(1), m.shape()), v),
                Trial.of(0, new Op.Cast(Dtype.BF16), m),
                Trial.of(0, new Op.MicroBatch(1), m),
                Trial.of(0, new Op.ScaleBy(), m, scalar),
                Trial.of(0, new Elementwise.ClipFactor(1), scalar),
                Trial.of(0, new Op.Ignoring(1, Dtype.F64), i32("3")),
                Trial.of(0, new Elementwise.MeanWeight(), v),
                Trial.of(0, new Op.Sum(List.of(0)), m),
                Trial.of(0, new Op.SumSquares(), m),
                Trial.of(0, new Op.AddBias(), m, v),
                Trial.of(0, new Op.Einsum(EinsumSpec.parse("bk,k->b"), Epilogue.NONE), m, v),
                Trial.of(0, new Op.Conv2d(window, Epilogue.RELU), x, w),
                Trial.of(0, new Op.Conv2dInputGrad(window, x.shape()), conv, w),
                Trial.of(0, new Op.Conv2dWeightGrad(window, false, w.shape()), conv, x),
                Trial.of(0, new Op.MaxPool(window), x),
                Trial.of(0, new Op.MaxPoolGrad(window, x.shape()), pool, pool.withDtype(Dtype.U8)),
                Trial.of(0, new Op.Softmax(), m),
                Trial.of(0, new Op.SoftmaxGrad(), m, m),
                Trial.of(0, new Op.LayerNorm(1e-5), m, v, v),
                Trial.of(0, new Op.LayerNormGrad(), m, v, f64("3"), f64("3"), m),
                Trial.of(0, new Wide(new Op.Softmax(), List.of(Dtype.BF16)), f64("3,4")),
                Trial.of(0, new BatchNorm.Squares(), m, v),
                Trial.of(0, new BatchNorm.Normalize(1e-5, false), m, v, v, v, v),
                Trial.of(0, new BatchNorm.SumsGrad(1e-5), m, v, v, m),
                Trial.of(0, new BatchNorm.InputGrad(1e-5, 3), m, v, v, v, m, v, v),
                Trial.of(0, new Op.Embedding(), m, i32("5")),
                Trial.of(0, new Op.EmbeddingGrad(m.shape()), i32("5"), f64("5,4")),
                Trial.of(0, new Op.Dropout(0.5, 1), m, step),
                Trial.of(0, new Op.CrossEntropy(), m, i32("3")),
                Trial.of(0, new Op.CrossEntropyGrad(), m, i32("3"), f64("3"), f64("3")),
                Trial.of(0, new RowOp.RmsNorm(1e-5), m, v),
                Trial.of(0, new RowOp.RmsNormGrad(), m, v, f64("3"), m),
                Trial.of(0, new RowOp.LogSumExp(f64("3,2").shape()), m),
                Trial.of(0, new RowOp.PickLogit(), m, i32("3")),
                Trial.of(0, new AttentionOp.Attention(true, 1), q, k, k),
                Trial.of(0, new AttentionOp.AttentionGrad(true, 1), q, k, k, q, f64("1,3,2,2"), q),
                Trial.of(0, new AttentionOp.Merge(), q, f64("1,3,2,2"), q, f64("1,3,2,2")),
                Trial.of(0, new AttentionOp.Rotary(10_000, false), k),
                Trial.of(0, new RoutingOp.Route(2, 2), routes),
                Trial.of(0, new RoutingOp.RouteGrad(2), routes, positions, slots),
                Trial.of(0, new RoutingOp.Dispatch(slotted.shape()), routes, positions),
                Trial.of(0, new RoutingOp.Combine(routes.shape()), slotted, positions, slots),
                Trial.of(0, new RoutingOp.SlotDot(), slotted, routes, positions),
                Trial.of(0, new Elementwise.Relu(), v),
                Trial.of(0, new Elementwise.ReluGrad(), v, v),
                Trial.of(0, new Elementwise.Gelu(), v),
                Trial.of(0, new Elementwise.GeluGrad(), v, v),
                Trial.of(0, new Elementwise.Tanh(), v),
                Trial.of(0, new Elementwise.TanhGrad(), v, v),
                Trial.of(0, new Elementwise.Silu(), v),
                Trial.of(0, new Elementwise.SiluGrad(), v, v),
                Trial.of(0, new Elementwise.SquareRoot(), v),
                Trial.of(0, new Elementwise.Scale(2), v),
                Trial.of(0, new Elementwise.Add(), v, v),
                Trial.of(0, new Elementwise.Subtract(), v, v),
                Trial.of(0, new Elementwise.Multiply(), v, v),
                Trial.of(
                        0,
                        new Elementwise.Fused(
                                1,
                                List.of(
                                        new Elementwise.Fused.Part(
                                                new Elementwise.Relu(), List.of(0)))),
                        v),
                Trial.of(0, new Update.SgdStep(0, false, 0), v, v, scalar),
                Trial.of(
                        0,
                        new Update.AdamStep(0.9, 0.99, 1e-8, 0, false),
                        v,
                        v,
                        v,
                        v,
                        scalar,
                        step),
                Trial.of(
                        0,
                        new Update.Together(new Update.SgdStep(0, false, 0), 2),
                        v,
                        v,
                        scalar,
                        m,
                        m,
                        scalar),
                Trial.of(0, new Update.Store(), v, v),
                Trial.of(0, new Update.LossScaleStep(3), scalar, scalar),
                Trial.of(0, new Elementwise.Reciprocal(), v),
                Trial.of(0, new Reshard.Relocate(List.of(), List.of()), v),
                Trial.of(0, new Reshard.Slice(List.of(new Axis("data", 2)), 0), v));
    }

    @Test
    void max_pooling_keeps_the_position_of_the_first_of_equals() {
        var op = new Op.MaxPool(Window.square(2, 1, 0));
        var results = Trial.of(0, op, f64("1,2,3,1")).with(0, 1, 5, 5, 5, 2, 5).truth();
        assertThat(results.get(0)).isEqualTo(new double[] {5, 5});
        assertThat(results.get(1)).isEqualTo(new double[] {1, 0});
    }

    @Test
    void the_normal_distribution_is_precise_in_both_tails() {
        assertThat(ErrorFunction.normal(0)).isEqualTo(0.5);
        assertThat(ErrorFunction.normal(1)).isWithin(1e-15).of(0.8413447460685429);
        assertThat(ErrorFunction.normal(-1)).isWithin(1e-15).of(0.15865525393145707);
        assertThat(ErrorFunction.normal(-2) / 0.02275013194817921).isWithin(1e-13).of(1);
        assertThat(ErrorFunction.normal(-6) / 9.86587645037698e-10).isWithin(1e-13).of(1);
        assertThat(ErrorFunction.normal(9)).isEqualTo(1.0);
    }

    @Test
    void adam_takes_a_first_step_of_the_learning_rate() {
        var op = new Update.AdamStep(0.9, 0.999, 0, 0, false);
        TensorType w = f64("2");
        var trial =
                Trial.of(0, op, w, w, w, w, f64(""), TensorType.scalar(Dtype.I64))
                        .with(0, 1, 1)
                        .with(1, 5, -0.1)
                        .with(2, 0, 0)
                        .with(3, 0, 0)
                        .with(4, 0.01)
                        .with(5, 1);
        double[] weights = trial.truth().getFirst();
        assertThat(weights[0]).isWithin(1e-12).of(0.99);
        assertThat(weights[1]).isWithin(1e-12).of(1.01);
    }

    @Test
    void decoupled_weight_decay_shrinks_the_weight_and_not_the_moments() {
        var op = new Update.AdamStep(0.9, 0.999, 1e-8, 0.1, true);
        TensorType w = f64("1");
        var trial =
                Trial.of(0, op, w, w, w, w, f64(""), TensorType.scalar(Dtype.I64))
                        .with(0, 2)
                        .with(1, 0)
                        .with(2, 0)
                        .with(3, 0)
                        .with(4, 0.5)
                        .with(5, 1);
        assertThat(trial.truth().get(0)[0]).isWithin(1e-12).of(2 * (1 - 0.5 * 0.1));
        assertThat(trial.truth().get(1)[0]).isEqualTo(0);
    }

    @Test
    void nesterov_momentum_looks_ahead_as_in_pytorch() {
        var op = new Update.SgdStep(0.9, true, 0);
        TensorType w = f64("1");
        var trial = Trial.of(0, op, w, w, f64(""), w).with(0, 1).with(1, 2).with(2, 0.1).with(3, 0);
        assertThat(trial.truth().get(0)[0]).isWithin(1e-12).of(1 - 0.1 * (2 + 0.9 * 2));
        assertThat(trial.truth().get(1)[0]).isEqualTo(2);
    }

    @Test
    void a_store_writes_the_new_value_over_the_old_one() {
        TensorType w = f64("3");
        var trial = Trial.of(0, new Update.Store(), w, w).with(0, 1, 2, 3).with(1, 4, 5, 6);
        assertThat(trial.truth().getFirst()).isEqualTo(new double[] {4, 5, 6});
    }

    @Test
    void dropout_decides_by_global_position_alike_in_f32_and_f64() {
        TensorType step = TensorType.scalar(Dtype.I64);
        var op = new Op.Dropout(0.3, 9);
        double[] ones = new double[1000];
        Arrays.fill(ones, 1);
        double[] whole =
                Trial.of(0, op, f64("50,20"), step).with(0, ones).with(1, 4).truth().getFirst();
        double kept = Arrays.stream(whole).filter(y -> y != 0).count() / 1000.0;
        assertThat(kept).isWithin(0.05).of(0.7);
        assertThat(Arrays.stream(whole).max().orElseThrow()).isEqualTo(1 / (1 - 0.3));
        double[] single =
                Trial.of(0, op, f32("50,20"), step).with(0, ones).with(1, 4).truth().getFirst();
        for (int i = 0; i < whole.length; i++) {
            assertThat(single[i] == 0).isEqualTo(whole[i] == 0);
        }
        double[] later =
                Trial.of(0, op, f64("50,20"), step).with(0, ones).with(1, 5).truth().getFirst();
        assertThat(later).isNotEqualTo(whole);
        assertThat(block(op, 10, 7, 20, 6)).isEqualTo(part(whole, 10, 7, 20, 6));
    }

    private static double[] block(Op.Dropout op, long row, long column, int rows, int columns) {
        try (var arena = Arena.ofConfined()) {
            double[] ones = new double[rows * columns];
            Arrays.fill(ones, 1);
            Buffer x = Trial.buffer(arena, f64(rows + "," + columns), ones);
            var region = Region.at(f64("50,20").shape(), row, column);
            Buffer y = new Buffer(x.type(), region, arena.allocate(x.type().bytes(), 64));
            Buffer step = Trial.buffer(arena, TensorType.scalar(Dtype.I64), 4);
            new ReferenceLibrary()
                    .require(new KernelRequest(op, List.of(x, step), List.of(y)))
                    .run();
            return Trial.values(y);
        }
    }

    private static double[] part(double[] whole, int row, int column, int rows, int columns) {
        var part = new double[rows * columns];
        for (int i = 0; i < rows; i++) {
            System.arraycopy(whole, (row + i) * 20 + column, part, i * columns, columns);
        }
        return part;
    }

    /// torch.nn.functional.cross_entropy(tensor([[1., 2, 4]]), tensor([1]), label_smoothing=0.3)
    @Test
    void label_smoothing_is_that_of_pytorch() {
        Trial trial =
                Trial.of(0, new Op.CrossEntropy(0.3), f64("1,3"), i32("1"))
                        .with(0, 1, 2, 4)
                        .with(1, 1);
        // the target is [0.1, 0.8, 0.1]
        double logSum = Math.log(Math.exp(1) + Math.exp(2) + Math.exp(4));
        double expected = 0.1 * (logSum - 1) + 0.8 * (logSum - 2) + 0.1 * (logSum - 4);
        assertThat(trial.truth().getFirst()[0]).isWithin(1e-15).of(expected);
    }

    @Test
    void a_label_out_of_range_is_a_problem_with_label_classes_and_row() {
        var trial = Trial.of(0, new Op.CrossEntropy(), f64("3,4"), i32("3")).with(1, 0, 4, 1);
        var problem = assertThrows(ProblemException.class, trial::truth).problem();
        assertThat(problem.code()).isEqualTo(ProblemCode.LABEL_OUT_OF_RANGE);
        assertThat(problem.facts().stream().map(fact -> fact.value()).toList())
                .containsExactly("4", "4, so labels are 0..3", "1");
    }

    @Test
    void a_loss_scale_doubles_after_enough_good_steps_and_never_becomes_infinite() {
        var trial = Trial.of(0, new Update.LossScaleStep(3), f64(""), f64(""));
        assertThat(scaleAndCount(trial.with(0, 8).with(1, 0))).containsExactly(8.0, 1.0).inOrder();
        assertThat(scaleAndCount(trial.with(0, 8).with(1, 2))).containsExactly(16.0, 0.0).inOrder();
        assertThat(scaleAndCount(trial.with(0, 0x1p127).with(1, 2)))
                .containsExactly(0x1p127, 0.0)
                .inOrder();
    }

    private static List<Double> scaleAndCount(Trial trial) {
        return trial.truth().stream().map(result -> result[0]).toList();
    }
}
