package dev.partita.kernels.cpu;

import static dev.partita.kernels.Types.f32;

import dev.partita.dsl.graph.AttentionOp;
import dev.partita.dsl.graph.BatchNorm;
import dev.partita.dsl.graph.Elementwise;
import dev.partita.dsl.graph.Elementwise.Fused;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.ResultTypes;
import dev.partita.dsl.graph.RowOp;
import dev.partita.dsl.graph.Update;
import dev.partita.dsl.graph.Window;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.dsl.tensor.TensorType;
import dev.partita.kernels.Trial;
import dev.partita.kernels.Types;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class VectorLibraryTest extends ContractionsContract {
    private static final double F32 = 2e-6;
    private static final List<String> LENGTHS = List.of("", "1", "3", "17", "33", "3,33", "5000");
    private final VectorLibrary library = new VectorLibrary();

    VectorLibraryTest() {
        super(new VectorLibrary());
    }

    static Stream<Elementwise> elementwise() {
        return Stream.of(
                new Elementwise.Relu(),
                new Elementwise.ReluGrad(),
                new Elementwise.Gelu(),
                new Elementwise.GeluGrad(),
                new Elementwise.Silu(),
                new Elementwise.SiluGrad(),
                new Elementwise.Tanh(),
                new Elementwise.TanhGrad(),
                new Elementwise.Scale(-0.3),
                new Elementwise.Reciprocal(),
                new Elementwise.MeanWeight(),
                new Elementwise.Add(),
                new Elementwise.Subtract(),
                new Elementwise.Multiply(),
                new Fused(
                        3,
                        List.of(
                                new Fused.Part(new Elementwise.Multiply(), List.of(0, 1)),
                                new Fused.Part(new Elementwise.Add(), List.of(3, 2)),
                                new Fused.Part(new Elementwise.Gelu(), List.of(4)),
                                new Fused.Part(new Elementwise.Subtract(), List.of(5, 3)))));
    }

    @ParameterizedTest
    @MethodSource("elementwise")
    void elementwise_ops_agree_with_the_reference_at_every_length(Elementwise op) {
        for (String sizes : LENGTHS) {
            TensorType type = f32(sizes);
            var types = IntStream.range(0, op.arity()).mapToObj(_ -> type);
            Trial.of(1, op, types.toArray(TensorType[]::new)).agrees(library, F32);
        }
    }

    @Test
    void gelu_and_its_gradient_hold_in_both_tails() {
        double[] x = IntStream.rangeClosed(-120, 120).mapToDouble(i -> i / 10.0).toArray();
        TensorType type = f32("" + x.length);
        Trial.of(2, new Elementwise.Gelu(), type).with(0, x).agrees(library, 1e-7);
        Trial.of(3, new Elementwise.GeluGrad(), type, type).with(0, x).agrees(library, F32);
    }

    @Test
    void square_root_agrees_with_the_reference() {
        var trial = Trial.of(4, new Elementwise.SquareRoot(), f32("33"));
        double[] positive = Arrays.stream(trial.operand(0)).map(Math::abs).toArray();
        trial.with(0, positive).agrees(library, F32);
        Trial.of(4, new Elementwise.ClipFactor(0.5), f32("33"))
                .with(0, positive)
                .agrees(library, F32);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "3", "17,33", "5000"})
    void scaling_by_a_number_agrees_with_the_reference(String sizes) {
        Trial.of(7, new Op.ScaleBy(), f32(sizes), f32("")).agrees(library, F32);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "17,33; 0",
                "17,33; 1",
                "3,5,17; 0 1",
                "3,5,17; 1 2",
                "3,5,17; 1",
                "3,2000; 1",
                "2000,3; 0",
                "100,1500; 0",
                "3,5,17; 0 1 2",
                "17; 0",
                "1,1; 0"
            })
    void sums_agree_with_the_reference(String sizes, String dims) {
        var op = new Op.Sum(Arrays.stream(dims.split(" ")).map(Integer::valueOf).toList());
        Trial.of(5, op, f32(sizes)).agrees(library, F32);
    }

    @ParameterizedTest
    @ValueSource(strings = {"1", "17,33", "5000"})
    void sums_of_squares_agree_with_the_reference(String sizes) {
        Trial.of(6, new Op.SumSquares(), f32(sizes)).agrees(library, F32);
    }

    @ParameterizedTest
    @ValueSource(strings = {"1,1", "17,3", "3,5,33", "300,10", "3,2000"})
    void a_bias_is_added_to_rows_of_any_width(String sizes) {
        String width = sizes.substring(sizes.lastIndexOf(',') + 1);
        Trial.of(7, new Op.AddBias(), f32(sizes), f32(width)).agrees(library, F32);
    }

    @ParameterizedTest
    @ValueSource(strings = {"1,1", "17,10", "3,33", "2,3,17", "5,1000"})
    void rows_of_classes_agree_with_the_reference(String sizes) {
        TensorType logits = f32(sizes);
        int rank = logits.shape().rank();
        TensorType row = logits.withShape(logits.shape().without(List.of(rank - 1)));
        long classes = logits.shape().size(rank - 1);
        double[] labels =
                IntStream.range(0, (int) row.shape().elements())
                        .mapToDouble(i -> (i * 7L) % classes)
                        .toArray();
        TensorType ids = row.withDtype(Dtype.I32);
        Trial.of(8, new Op.Softmax(), logits).agrees(library, F32);
        Trial.of(9, new Op.SoftmaxGrad(), logits, logits).agrees(library, F32);
        Trial.of(10, new Op.CrossEntropy(), logits, ids).with(1, labels).agrees(library, F32);
        double[] logSums =
                Trial.of(11, new Op.CrossEntropy(), logits, ids).with(1, labels).truth().get(1);
        Trial.of(11, new Op.CrossEntropyGrad(), logits, ids, row, row)
                .with(1, labels)
                .with(2, logSums)
                .agrees(library, F32);
        Trial.of(11, new RowOp.LogSumExp(row.shape()), logits).agrees(library, F32);
        Trial.of(12, new Op.CrossEntropy(0.1), logits, ids).with(1, labels).agrees(library, F32);
        Trial.of(11, new Op.CrossEntropyGrad(0.1), logits, ids, row, row)
                .with(1, labels)
                .with(2, logSums)
                .agrees(library, F32);
    }

    @ParameterizedTest
    @CsvSource({"0, false, 0", "0.9, false, 0", "0.9, true, 0.01", "0, false, 0.1"})
    void sgd_agrees_with_the_reference(double momentum, boolean nesterov, double decay) {
        for (String sizes : LENGTHS) {
            TensorType w = f32(sizes);
            TensorType rate = f32("");
            var op = new Update.SgdStep(momentum, nesterov, decay);
            var trial =
                    momentum == 0 ? Trial.of(12, op, w, w, rate) : Trial.of(12, op, w, w, rate, w);
            trial.agrees(library, F32);
        }
    }

    @ParameterizedTest
    @CsvSource({"0, false, 1", "0.01, false, 5", "0.01, true, 1", "0.1, true, 1000"})
    void adam_agrees_with_the_reference(double decay, boolean decoupled, int step) {
        for (String sizes : LENGTHS) {
            TensorType w = f32(sizes);
            var op = new Update.AdamStep(0.9, 0.999, 1e-8, decay, decoupled);
            var trial = Trial.of(13, op, w, w, w, w, f32(""), TensorType.scalar(Dtype.I64));
            double[] second = Arrays.stream(trial.operand(3)).map(Math::abs).toArray();
            trial.with(3, second).with(4, 1e-3).with(5, step).agrees(library, F32);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"1,1", "17,10", "3,33", "2,3,17", "5,1000"})
    void layer_norm_agrees_with_the_reference(String sizes) {
        TensorType x = f32(sizes);
        int rank = x.shape().rank();
        TensorType gain = f32("" + x.shape().size(rank - 1));
        TensorType row = x.withShape(x.shape().without(List.of(rank - 1)));
        Trial.of(14, new Op.LayerNorm(1e-5), x, gain, gain).agrees(library, 5e-6);
        Trial.of(15, new Op.LayerNormGrad(), x, gain, row, row, x).agrees(library, 5e-6);
    }

    /// What is computed along behind the last element must not grow from row to row.
    @Test
    void many_narrow_rows_of_layer_norm_agree_with_the_reference() {
        TensorType x = f32("400,5");
        TensorType row = f32("400");
        double[] large = IntStream.range(0, 400).mapToDouble(_ -> 100).toArray();
        Trial.of(20, new Op.LayerNormGrad(), x, f32("5"), row, row, x)
                .with(3, large)
                .agrees(library, 5e-6);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "3,1; 1",
                "17,10; 10",
                "2,3,3,4; 4",
                "4,9,9,33; 33",
                "5,1500; 1500",
                "300,7,64; 64",
                "3,5,7; 3,7",
                "4,2,9,9,33; 4,33",
                "2,150,7,64; 2,64"
            })
    void batch_norm_agrees_with_the_reference(String sizes, String statistics) {
        TensorType x = f32(sizes);
        TensorType s = f32(statistics);
        TensorType c = f32("" + x.shape().dims().getLast().size());
        long count = x.shape().elements() / s.shape().elements();
        double[] variance = Trial.of(20, new BatchNorm.Squares(), x, s).operand(1);
        Arrays.setAll(variance, i -> 0.5 + Math.abs(variance[i]));
        Trial.of(20, new BatchNorm.Squares(), x, s).agrees(library, 5e-6);
        Trial.of(21, new BatchNorm.Normalize(1e-5, true), x, s, s, c, c)
                .with(2, variance)
                .agrees(library, 5e-6);
        Trial.of(22, new BatchNorm.SumsGrad(1e-5), x, s, s, x)
                .with(2, variance)
                .agrees(library, 5e-6);
        Trial.of(23, new BatchNorm.InputGrad(1e-5, count), x, s, s, c, x, s, s)
                .with(2, variance)
                .agrees(library, 5e-6);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 3, 17, 33})
    void embeddings_agree_with_the_reference(long width) {
        TensorType table = f32("5," + width);
        TensorType ids = Types.i32("3,4");
        double[] rows = {0, 4, 2, 2, 2, 1, 0, 4, 4, 4, 0, 2};
        Trial.of(16, new Op.Embedding(), table, ids).with(1, rows).agrees(library, 0);
        Trial.of(17, new Op.EmbeddingGrad(table.shape()), ids, f32("3,4," + width))
                .with(0, rows)
                .agrees(library, F32);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {"2,6,8,32; 2; 2", "2,7,9,16; 2; 2", "2,9,9,64; 3; 3", "1,8,8,16; 2; 3"})
    void pooling_agrees_with_the_reference(String image, int size, int stride) {
        TensorType x = f32(image);
        var op = new Op.MaxPool(Window.square(size, stride, 0));
        var trial = Trial.of(18, op, x);
        trial.agrees(library, 0);
        double[] ties = Arrays.stream(trial.operand(0)).map(Math::rint).toArray();
        trial.with(0, ties).agrees(library, 0);
        TensorType y = ResultTypes.of(op, List.of(x)).getFirst();
        Trial.of(19, new Op.MaxPoolGrad(op.window(), x.shape()), y, y.withDtype(Dtype.U8))
                .with(1, trial.truth().get(1))
                .agrees(library, 0);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "true; 2,70,2,3,5; 2,70,2,5",
                "false; 1,65,2,1,16; 1,33,2,16",
                "true; 1,130,1,2,64; 1,130,1,64",
                "true; 1,1,1,1,1; 1,1,1,1"
            })
    void attention_agrees_with_the_reference(boolean causal, String queries, String keys) {
        TensorType q = f32(queries);
        TensorType k = f32(keys);
        TensorType row = f32(queries.substring(0, queries.lastIndexOf(',')));
        var forward = Trial.of(20, new AttentionOp.Attention(causal, 0.3), q, k, k);
        forward.agrees(library, 5e-6);
        Trial.of(21, new AttentionOp.AttentionGrad(causal, 0.3), q, k, k, q, row, q)
                .with(0, forward.operand(0))
                .with(1, forward.operand(1))
                .with(2, forward.operand(2))
                .with(3, forward.truth().get(0))
                .with(4, forward.truth().get(1))
                .agrees(library, 5e-6);
    }
}
