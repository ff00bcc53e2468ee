package dev.partita.kernels.cpu;

import dev.partita.dsl.graph.Epilogue;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.ResultTypes;
import dev.partita.dsl.graph.Window;
import dev.partita.dsl.tensor.TensorType;
import dev.partita.kernels.Trial;
import dev.partita.kernels.Types;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FewTapsLibraryTest {
    private static final double F32 = 2e-6;
    private final FewTapsLibrary library = new FewTapsLibrary();

    @ParameterizedTest(name = "image {0} kernel {1} channels {2} stride {3}")
    @CsvSource(
            delimiter = ';',
            value = {"2,7,9,1; 3; 32; 1", "3,11,13,3; 3; 64; 2", "1,4,4,17; 1; 32; 1"})
    void convolutions_of_few_taps_agree_with_the_reference(
            String image, int kernel, int channels, int stride) {
        TensorType x = Types.f32(image);
        TensorType w = Types.f32(channels + "," + kernel + "," + kernel + "," + x.shape().size(3));
        TensorType bias = Types.f32("" + channels);
        var window = Window.square(kernel, stride, 0);
        for (Epilogue epilogue : Epilogue.values()) {
            var op = new Op.Conv2d(window, epilogue);
            var trial = epilogue.hasBias() ? Trial.of(1, op, x, w, bias) : Trial.of(1, op, x, w);
            trial.agrees(library, F32);
        }
        TensorType y =
                ResultTypes.of(new Op.Conv2d(window, Epilogue.NONE), List.of(x, w)).getFirst();
        for (boolean hasBias : new boolean[] {false, true}) {
            Trial.of(2, new Op.Conv2dWeightGrad(window, hasBias, w.shape()), y, x)
                    .agrees(library, F32);
        }
    }
}
