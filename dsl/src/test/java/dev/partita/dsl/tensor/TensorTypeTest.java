package dev.partita.dsl.tensor;

import static com.google.common.truth.Truth.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TensorTypeTest {
    private static final List<Dtype> DTYPES = List.of(Dtype.values());

    @ParameterizedTest
    @ValueSource(
            strings = {
                "f32[]",
                "f32[batch=32, model=512]",
                "bf16[model=8, model'=8]",
                "i64[]",
                "u8[batch=1, height=26, width=26, c1=32]"
            })
    void a_printed_type_reads_back(String text) {
        assertThat(TensorType.parse(text).toString()).isEqualTo(text);
    }

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
    void any_type_reads_back(long seed) {
        var random = new SplittableRandom(seed);
        var dims = new ArrayList<Dim>();
        for (int i = 0; i < random.nextInt(6); i++) {
            dims.add(new Dim("d" + i + "'".repeat(random.nextInt(3)), random.nextLong(1, 100_000)));
        }
        var type = new TensorType(DTYPES.get(random.nextInt(DTYPES.size())), new Shape(dims));
        assertThat(TensorType.parse(type.toString())).isEqualTo(type);
    }

    @ParameterizedTest
    @ValueSource(strings = {"f32", "f32[batch]", "f33[batch=2]", "f32[batch=two]", "[batch=2]"})
    void what_is_not_a_type_is_refused(String text) {
        assertThrows(IllegalArgumentException.class, () -> TensorType.parse(text));
    }

    @Test
    void bytes_are_elements_times_size() {
        assertThat(TensorType.parse("f32[batch=3, x=5]").bytes()).isEqualTo(60);
        assertThat(TensorType.parse("bf16[batch=3, x=5]").bytes()).isEqualTo(30);
        assertThat(TensorType.scalar(Dtype.I64).bytes()).isEqualTo(8);
    }

    @Test
    void strides_are_row_major() {
        Shape shape = TensorType.parse("f32[a=2, b=3, c=5]").shape();
        assertThat(shape.strides()).isEqualTo(new long[] {15, 5, 1});
        assertThat(shape.elements()).isEqualTo(30);
        assertThat(shape.indexOf("c")).isEqualTo(2);
        assertThat(shape.indexOf("d")).isEqualTo(-1);
    }

    @Test
    void a_shape_does_not_take_a_name_twice_but_can_tell_the_second_apart() {
        var square = List.of(new Dim("model", 8), new Dim("model", 8), new Dim("model", 4));
        var problem = assertThrows(ProblemException.class, () -> new Shape(square)).problem();
        assertThat(problem.code()).isEqualTo(ProblemCode.DUPLICATE_NAME);
        assertThat(Shape.distinct(square).toString()).isEqualTo("[model=8, model'=8, model''=4]");
    }

    @Test
    void a_dim_needs_a_name_and_a_size() {
        assertThat(
                        assertThrows(ProblemException.class, () -> new Dim("my dim", 2))
                                .problem()
                                .code())
                .isEqualTo(ProblemCode.INVALID_ARGUMENT);
        assertThat(assertThrows(ProblemException.class, () -> new Dim("hidden", 0)).problem().fix())
                .isEqualTo("give hidden a positive size");
    }
}
