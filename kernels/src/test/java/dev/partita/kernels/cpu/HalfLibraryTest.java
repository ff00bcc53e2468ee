package dev.partita.kernels.cpu;

import static com.google.common.truth.Truth.assertThat;
import static dev.partita.kernels.Types.f32;
import static dev.partita.kernels.Types.i32;

import dev.partita.dsl.graph.AttentionOp;
import dev.partita.dsl.graph.Elementwise;
import dev.partita.dsl.graph.Epilogue;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Update;
import dev.partita.dsl.graph.Wide;
import dev.partita.dsl.graph.Window;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.dsl.tensor.TensorType;
import dev.partita.kernels.Trial;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The fast kernels of half floats differ from the slow ones by the rounding of one store.
class HalfLibraryTest {
    private final CpuLibrary library = new CpuLibrary();

    @ParameterizedTest
    @EnumSource(names = {"BF16", "F16"})
    void casts_round_like_the_reference_at_every_length(Dtype half) {
        for (String sizes : List.of("", "1", "7", "33", "5000")) {
            Trial.of(1, new Op.Cast(half), f32(sizes)).agrees(library, 0);
            Trial.of(2, new Op.Cast(Dtype.F32), f32(sizes).withDtype(half)).agrees(library, 0);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"BF16", "F16"})
    void elementwise_ops_agree_with_the_reference_at_every_length(Dtype half) {
        for (String sizes : List.of("", "1", "7", "33", "5000")) {
            agrees(half, new Elementwise.Gelu(), sizes);
            agrees(half, new Elementwise.Relu(), sizes);
            agrees(half, new Elementwise.ReluGrad(), sizes, sizes);
            agrees(half, new Elementwise.Multiply(), sizes, sizes);
            agrees(
                    half,
                    new Elementwise.Fused(
                            2,
                            List.of(
                                    new Elementwise.Fused.Part(
                                            new Elementwise.Add(), List.of(0, 1)),
                                    new Elementwise.Fused.Part(
                                            new Elementwise.Tanh(), List.of(2)))),
                    sizes,
                    sizes);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"BF16", "F16"})
    void relu_and_its_gradient_know_every_kind_of_number(Dtype half) {
        double[] kinds = {
            0, -0.0, 1, -1, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, Double.NaN, 6e-8
        };
        var many = new double[8 * kinds.length + 3];
        Arrays.setAll(many, i -> kinds[i % kinds.length]);
        TensorType type = f32("" + many.length).withDtype(half);
        for (Trial trial :
                List.of(
                        Trial.of(1, new Elementwise.Relu(), type).with(0, many),
                        Trial.of(1, new Elementwise.ReluGrad(), type, type).with(0, many))) {
            assertThat(trial.run(library).orElseThrow().getFirst())
                    .isEqualTo(trial.truth().getFirst());
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"BF16", "F16"})
    void contractions_agree_with_the_reference(Dtype half) {
        agrees(half, Op.Einsum.of("bk,ok->bo"), "33,170", "65,170");
        agrees(half, Op.Einsum.of("bo,bk->ok"), "33,65", "33,170");
        Window window = new Window(3, 3, 1, 1);
        agrees(half, new Op.Conv2d(window, Epilogue.BIAS_RELU), "2,7,9,5", "4,3,3,5", "4");
        agrees(half, new Op.Conv2dInputGrad(window, f32("2,7,9,5").shape()), "2,7,9,4", "4,3,3,5");
        agrees(
                half,
                new Op.Conv2dWeightGrad(window, true, f32("4,3,3,5").shape()),
                "2,7,9,4",
                "2,7,9,5");
    }

    @ParameterizedTest
    @EnumSource(names = {"BF16", "F16"})
    void the_other_ops_agree_with_the_reference(Dtype half) {
        agrees(half, new Op.AddBias(), "5,33", "33");
        agrees(half, new Op.Sum(List.of(0)), "300,33");
        agrees(half, new Op.MaxPool(Window.square(2, 2, 0)), "2,6,6,5");
        agrees(half, new Op.LayerNorm(1e-5), "5,33", "33", "33");
    }

    @ParameterizedTest
    @EnumSource(names = {"BF16", "F16"})
    void wide_ops_read_and_store_both_types(Dtype half) {
        var norm = new Op.LayerNorm(1e-5);
        for (String x : List.of("5,33", "2,3,128", "1,1")) {
            String width = x.substring(x.lastIndexOf(',') + 1);
            TensorType type = f32(x);
            TensorType row = f32(x.substring(0, x.lastIndexOf(',')));
            TensorType gain = f32(width);
            List<Dtype> stored = List.of(half, Dtype.F32, Dtype.F32);
            agrees(new Wide(norm, stored), type.withDtype(half), gain, gain);
            agrees(new Wide(norm, stored), type, gain, gain);
            agrees(
                    new Wide(new Op.LayerNormGrad(), stored),
                    type.withDtype(half),
                    gain,
                    row,
                    row,
                    type.withDtype(half));
            agrees(new Wide(new Op.Softmax(), List.of(half)), type);
            agrees(new Wide(new Op.Softmax(), List.of(Dtype.F32)), type.withDtype(half));
            agrees(new Wide(new Op.SoftmaxGrad(), List.of(half)), type, type.withDtype(half));
        }
        var lookup = new Wide(new Op.Embedding(), List.of(half));
        Trial.of(3, lookup, f32("7,33"), i32("4")).with(1, 0, 6, 2, 2).agrees(library, 0);
        var scatter = new Wide(new Op.EmbeddingGrad(f32("7,33").shape()), List.of(Dtype.F32));
        Trial.of(3, scatter, i32("4"), f32("4,33").withDtype(half))
                .with(0, 0, 6, 2, 2)
                .agrees(library, 4e-6);
        var loss = new Wide(new Op.CrossEntropyGrad(0.1), List.of(half));
        agrees(loss, f32("5,33"), i32("5"), f32("5"), f32("5"));
        for (String x : List.of("300,33", "7", "64", "1")) {
            agrees(new Wide(new Op.SumSquares(), List.of(Dtype.F32)), f32(x).withDtype(half));
            var update = new Update.SgdStep(0.9, true, 0.1);
            Trial.of(5, update, f32(x), f32(x).withDtype(half), f32(""), f32(x))
                    .agrees(library, 4e-6);
        }
        for (String x : List.of("300,33", "3,5,70", "1,1")) {
            agrees(new Wide(new Op.Sum(List.of(0)), List.of(Dtype.F32)), f32(x).withDtype(half));
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"BF16", "F16"})
    void attention_reads_and_stores_half_floats(Dtype half) {
        for (String sizes : List.of("2,7,3,1,8", "1,130,2,2,5", "2,64,1,1,33", "1,1,1,1,1")) {
            String[] parts = sizes.split(",", -1);
            String keys = "%s,%s,%s,%s".formatted(parts[0], parts[1], parts[2], parts[4]);
            TensorType q = f32(sizes).withDtype(half);
            TensorType k = f32(keys).withDtype(half);
            TensorType logSums = f32(sizes.substring(0, sizes.lastIndexOf(',')));
            for (boolean causal : new boolean[] {false, true}) {
                var forward = new AttentionOp.Attention(causal, 0.5);
                agreesRoughly(new Wide(forward, List.of(half, Dtype.F32)), q, k, k);
                var backward = new AttentionOp.AttentionGrad(causal, 0.5);
                var trial = Trial.of(7, forward, q, k, k);
                double[] sums = trial.truth().getLast();
                var grad =
                        Trial.of(
                                        7,
                                        new Wide(backward, List.of(half, half, half)),
                                        q,
                                        k,
                                        k,
                                        q,
                                        logSums,
                                        q)
                                .with(4, sums);
                grad.agrees(library, half == Dtype.BF16 ? 0x1p-6 : 0x1p-9);
            }
        }
    }

    /// Weights are rounded too, before values are averaged by them.
    private void agreesRoughly(Wide op, TensorType... operands) {
        boolean bfloat = op.results().getFirst() == Dtype.BF16;
        Trial.of(3, op, operands).agrees(library, bfloat ? 0x1p-7 : 0x1p-10);
    }

    @ParameterizedTest
    @EnumSource(names = {"BF16", "F16"})
    void contractions_store_what_they_summed(Dtype half) {
        List<Dtype> full = List.of(Dtype.F32);
        for (String spec : List.of("bk,ok->bo", "bk,bo->ok", "bk,ko->bo")) {
            String left = spec.startsWith("bk,bo") ? "65,33" : "33,65";
            String right = spec.equals("bk,ok->bo") ? "17,65" : "65,17";
            Op.Einsum op = Op.Einsum.of(spec);
            agrees(new Wide(op, full), f32(left).withDtype(half), f32(right).withDtype(half));
        }
        Window window = new Window(3, 3, 1, 1);
        for (boolean bias : new boolean[] {false, true}) {
            agrees(
                    new Wide(
                            new Op.Conv2dWeightGrad(window, bias, f32("4,3,3,5").shape()),
                            bias ? List.of(Dtype.F32, Dtype.F32) : full),
                    f32("2,7,9,4").withDtype(half),
                    f32("2,7,9,5").withDtype(half));
        }
    }

    private void agrees(Op op, TensorType... operands) {
        boolean half = ((Wide) op).results().getFirst() != Dtype.F32;
        boolean bfloat = ((Wide) op).results().getFirst() == Dtype.BF16;
        Trial.of(3, op, operands).agrees(library, half ? bfloat ? 0x1p-8 : 0x1p-11 : 4e-6);
    }

    private void agrees(Dtype half, Op op, String... operands) {
        TensorType[] types =
                Arrays.stream(operands).map(s -> f32(s).withDtype(half)).toArray(TensorType[]::new);
        Trial.of(3, op, types).agrees(library, half == Dtype.BF16 ? 0x1p-8 : 0x1p-11);
    }

    /// 4,096 ones and then 4,096 times 2^-9: in bf16 the small ones would not move the sum.
    @ParameterizedTest
    @EnumSource(names = {"BF16", "F16"})
    void sums_are_taken_in_floats(Dtype half) {
        double[] values =
                Stream.concat(
                                Stream.generate(() -> 1.0).limit(4096),
                                Stream.generate(() -> 0x1p-9).limit(4096))
                        .mapToDouble(v -> v)
                        .toArray();
        var sum = Trial.of(4, new Op.Sum(List.of(0)), f32("8192").withDtype(half)).with(0, values);
        double expected = half == Dtype.BF16 ? 4096 : 4104;
        assertThat(sum.truth().getFirst()[0]).isEqualTo(expected);
        assertThat(sum.run(library).orElseThrow().getFirst()[0]).isEqualTo(expected);
    }
}
