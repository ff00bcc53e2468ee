package dev.partita.kernels.cpu;

import static com.google.common.truth.Truth.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.partita.dsl.graph.Epilogue;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.ResultTypes;
import dev.partita.dsl.graph.Window;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.dsl.tensor.TensorType;
import dev.partita.kernels.Trial;
import dev.partita.kernels.Types;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WinogradLibraryTest {
    private static final double F32 = 4e-6;
    private final WinogradLibrary library = new WinogradLibrary();

    @BeforeEach
    void needs_matmuls() {
        assumeTrue(OneDnn.computes(Dtype.F32), "no oneDNN here");
    }

    @ParameterizedTest(name = "image {0} to {1} channels, padding {2}")
    @CsvSource(
            delimiter = ';',
            value = {
                "2,13,13,32; 64; 0",
                "5,10,9,64; 32; 0",
                "3,9,12,32; 32; 1",
                "4,7,7,64; 96; 1",
                "5,5,6,32; 64; 2"
            })
    void convolutions_in_tiles_agree_with_the_reference(String image, int channels, int padding) {
        TensorType x = Types.f32(image);
        TensorType w = Types.f32(channels + ",3,3," + x.shape().size(3));
        TensorType bias = Types.f32("" + channels);
        var window = Window.square(3, 1, padding);
        for (Epilogue epilogue : Epilogue.values()) {
            var op = new Op.Conv2d(window, epilogue);
            var trial = epilogue.hasBias() ? Trial.of(1, op, x, w, bias) : Trial.of(1, op, x, w);
            trial.agrees(library, F32);
        }
        TensorType y =
                ResultTypes.of(new Op.Conv2d(window, Epilogue.NONE), List.of(x, w)).getFirst();
        Trial.of(2, new Op.Conv2dInputGrad(window, x.shape()), y, w).agrees(library, F32);
        for (boolean hasBias : new boolean[] {false, true}) {
            Trial.of(3, new Op.Conv2dWeightGrad(window, hasBias, w.shape()), y, x)
                    .agrees(library, F32);
        }
    }

    @ParameterizedTest(name = "image {0} to {1} channels, kernel {2}, stride {3}")
    @CsvSource(
            delimiter = ';',
            value = {
                "4,13,13,32; 64; 3; 2",
                "4,13,13,32; 64; 5; 1",
                "4,13,13,3; 64; 3; 1",
                "4,13,13,32; 35; 3; 1",
                "1,6,6,32; 64; 3; 1",
                "64,3,3,32; 64; 3; 1",
                "2,28,28,512; 512; 3; 1"
            })
    void other_convolutions_are_left_to_others(String image, int channels, int kernel, int stride) {
        TensorType x = Types.f32(image);
        String weight = channels + "," + kernel + "," + kernel + "," + x.shape().size(3);
        var op = new Op.Conv2d(Window.square(kernel, stride, 0), Epilogue.NONE);
        assertThat(Trial.of(1, op, x, Types.f32(weight)).run(library)).isEmpty();
    }
}
