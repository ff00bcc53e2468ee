package dev.partita.kernels;

import static com.google.common.truth.Truth.assertThat;

import dev.partita.dsl.graph.Op;
import dev.partita.dsl.tensor.Region;
import dev.partita.dsl.tensor.TensorType;
import java.lang.foreign.Arena;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ShardedEmbeddingTest {
    private static final TensorType WHOLE = Types.f32("4,3");
    private static final double[] IDS = {3, 0, 1, 3, 2};

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "reference"})
    void the_blocks_of_a_table_sharded_over_its_rows_sum_to_the_whole_look_up(String library) {
        double[] sum = new double[IDS.length * 3];
        for (int first = 0; first < 4; first += 2) {
            double[] part = lookUp(KernelLibraries.named(library), first);
            for (int i = 0; i < sum.length; i++) {
                sum[i] += part[i];
            }
        }
        for (int i = 0; i < sum.length; i++) {
            assertThat(sum[i]).isEqualTo(10 * IDS[i / 3] + i % 3);
        }
    }

    /// Looks up in rows `first` and `first + 1` of a table of `10 * row + column`.
    private static double[] lookUp(KernelLibrary library, int first) {
        try (var arena = Arena.ofConfined()) {
            Buffer rows =
                    Trial.buffer(
                            arena,
                            Types.f32("2,3"),
                            10 * first,
                            10 * first + 1,
                            10 * first + 2,
                            10 * first + 10,
                            10 * first + 11,
                            10 * first + 12);
            var block =
                    new Buffer(
                            rows.type(), Region.at(WHOLE.shape(), (long) first, 0L), rows.memory());
            Buffer ids = Trial.buffer(arena, Types.i32("5"), IDS);
            Buffer result = Trial.buffer(arena, Types.f32("5,3"));
            library.require(
                            new KernelRequest(
                                    new Op.Embedding(), List.of(block, ids), List.of(result)))
                    .run();
            return Trial.values(result);
        }
    }
}
