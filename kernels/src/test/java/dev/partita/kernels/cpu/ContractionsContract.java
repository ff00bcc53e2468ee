package dev.partita.kernels.cpu;

import static com.google.common.truth.Truth.assertThat;

import dev.partita.dsl.graph.EinsumSpec;
import dev.partita.dsl.graph.Epilogue;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.ResultTypes;
import dev.partita.dsl.graph.Window;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.dsl.tensor.TensorType;
import dev.partita.kernels.KernelLibrary;
import dev.partita.kernels.Trial;
import dev.partita.kernels.Types;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// What every library that computes matmuls and convolutions must pass.
abstract class ContractionsContract {
    private final KernelLibrary library;
    private final Dtype dtype;
    private final double tolerance;

    /// In f32.
    ContractionsContract(KernelLibrary library) {
        this(library, Dtype.F32);
    }

    /// In half floats results differ by the rounding of one store.
    ContractionsContract(KernelLibrary library, Dtype dtype) {
        this.library = library;
        this.dtype = dtype;
        tolerance =
                switch (dtype) {
                    case BF16 -> 0x1p-8;
                    case F16 -> 0x1p-11;
                    case F64, F32, I64, I32, U8 -> 2e-6;
                };
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "bk,ok->bo; 17,33; 3,33",
                "bk,ok->bo; 1,33; 17,33",
                "bk,ok->bo; 17,1; 3,1",
                "bo,ok->bk; 17,3; 3,33",
                "bo,bk->ok; 17,3; 17,33",
                "bk,ok->ob; 17,33; 3,33",
                "bsk,ok->bso; 3,17,33; 5,33",
                "bso,bsk->ok; 3,17,5; 3,17,33",
                "bskh,okh->bso; 3,4,5,6; 7,5,6",
                "bshd,bthd->bhst; 2,17,3,8; 2,5,3,8",
                "bhst,bthd->bshd; 2,3,17,5; 2,5,3,8",
                "b,o->bo; 17; 3",
                "k,k->; 33; 33",
                "xbk,xok->xbo; 3,17,33; 3,5,33",
                "bk,hok->bho; 17,33; 2,3,33",
                "egck,eok->egco; 3,2,5,33; 3,7,33",
                "egco,eok->egck; 3,2,5,7; 3,7,33",
                "egco,egck->eok; 3,2,5,7; 3,2,5,33"
            })
    void an_einsum_is_one_matmul(String spec, String left, String right) {
        Trial.of(1, Op.Einsum.of(spec), type(left), type(right)).agrees(library, tolerance);
    }

    @ParameterizedTest
    @EnumSource
    void a_matmul_ends_with_its_epilogue(Epilogue epilogue) {
        var op = new Op.Einsum(EinsumSpec.parse("bk,ok->bo"), epilogue);
        var trial =
                epilogue.hasBias()
                        ? Trial.of(2, op, type("17,33"), type("5,33"), type("5"))
                        : Trial.of(2, op, type("17,33"), type("5,33"));
        trial.agrees(library, tolerance);
    }

    @ParameterizedTest(name = "image {0} weight {1} stride {2} padding {3}")
    @CsvSource(
            delimiter = ';',
            value = {
                "2,7,9,3; 5,3,3,3; 1; 0",
                "2,7,9,1; 32,3,3,1; 1; 0",
                "1,8,8,17; 33,3,3,17; 1; 1",
                "3,9,8,4; 3,2,3,4; 2; 1",
                "2,5,5,16; 16,1,1,16; 1; 0",
                "2,6,6,3; 4,3,3,3; 2; 0",
                "6,6,6,4; 6,1,1,4; 2; 0",
                "6,6,6,4; 6,3,3,4; 2; 1"
            })
    void convolutions_agree_with_the_reference(
            String image, String weight, int stride, int padding) {
        TensorType x = type(image);
        TensorType w = type(weight);
        var window = new Window((int) w.shape().size(1), (int) w.shape().size(2), stride, padding);
        TensorType bias = type("" + w.shape().size(0));
        for (Epilogue epilogue : Epilogue.values()) {
            var op = new Op.Conv2d(window, epilogue);
            var trial = epilogue.hasBias() ? Trial.of(3, op, x, w, bias) : Trial.of(3, op, x, w);
            trial.agrees(library, tolerance);
        }
        TensorType y =
                ResultTypes.of(new Op.Conv2d(window, Epilogue.NONE), List.of(x, w)).getFirst();
        Trial.of(4, new Op.Conv2dInputGrad(window, x.shape()), y, w).agrees(library, tolerance);
        for (boolean hasBias : new boolean[] {false, true}) {
            Trial.of(5, new Op.Conv2dWeightGrad(window, hasBias, w.shape()), y, x)
                    .agrees(library, tolerance);
        }
    }

    @Test
    void a_relu_at_the_end_does_not_hide_nan() {
        var op = new Op.Einsum(EinsumSpec.parse("bk,ok->bo"), Epilogue.RELU);
        double[] poisoned = {Double.NaN, 1, 1, 1, 1, 1};
        var trial = Trial.of(6, op, type("2,3"), type("4,3")).with(0, poisoned);
        double[] result = trial.run(library).orElseThrow().getFirst();
        for (int i = 0; i < 4; i++) {
            assertThat(result[i]).isNaN();
            assertThat(result[4 + i]).isAtLeast(0);
        }
    }

    private TensorType type(String sizes) {
        return Types.f32(sizes).withDtype(dtype);
    }
}
