package dev.partita.kernels.cpu;

import static com.google.common.truth.TruthJUnit.assume;

import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.ResultTypes;
import dev.partita.dsl.graph.Window;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.dsl.tensor.TensorType;
import dev.partita.kernels.Trial;
import dev.partita.kernels.Types;
import java.util.Arrays;
import java.util.List;
import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OneDnnLibraryTest extends ContractionsContract {
    private static final double F32 = 2e-6;
    private final OneDnnLibrary library = new OneDnnLibrary();

    OneDnnLibraryTest() {
        super(new OneDnnLibrary());
    }

    @BeforeEach
    void oneDnnIsHere() {
        assume().withMessage(OneDnn.describe()).that(OneDnn.available()).isTrue();
    }

    @ParameterizedTest(name = "image {0} window {1} stride {2} padding {3}")
    @CsvSource(
            delimiter = ';',
            value = {
                "2,6,8,3; 2; 2; 0",
                "2,7,9,32; 2; 2; 0",
                "1,7,7,17; 3; 2; 1",
                "3,5,5,16; 3; 1; 1",
                "2,9,9,1; 3; 3; 0"
            })
    void pooling_keeps_the_first_of_equal_maxima(String image, int size, int stride, int padding) {
        TensorType x = type(image);
        var window = Window.square(size, stride, padding);
        var trial = Trial.of(6, new Op.MaxPool(window), x);
        trial.agrees(library, 0);
        double[] ties = Arrays.stream(trial.operand(0)).map(Math::rint).toArray();
        trial.with(0, ties).agrees(library, 0);
        double[] positions = trial.truth().get(1);
        TensorType y = ResultTypes.of(new Op.MaxPool(window), List.of(x)).getFirst();
        Trial.of(7, new Op.MaxPoolGrad(window, x.shape()), y, y.withDtype(Dtype.U8))
                .with(1, positions)
                .agrees(library, F32);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {"17,10", "1,1", "3,33", "2,3,17"})
    void softmax_agrees_with_the_reference(String sizes) {
        Trial.of(8, new Op.Softmax(), type(sizes)).agrees(library, F32);
    }

    /// With narrower vectors oneDNN has plain loops only, which the library declines: see
    /// [VectorLibraryTest] for who serves then.
    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {"17,10", "1,1", "3,33", "2,3,17"})
    void with_wide_vectors_softmax_gradients_agree_with_the_reference(String sizes) {
        assume().withMessage("vectors of 512 bits")
                .that(FloatVector.SPECIES_PREFERRED.vectorBitSize())
                .isEqualTo(512);
        Trial.of(9, new Op.SoftmaxGrad(), type(sizes), type(sizes)).agrees(library, F32);
    }

    private static TensorType type(String sizes) {
        return Types.f32(sizes);
    }
}
