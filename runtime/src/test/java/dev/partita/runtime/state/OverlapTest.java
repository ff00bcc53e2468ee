package dev.partita.runtime.state;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.Truth.assertWithMessage;

import dev.partita.dsl.tensor.Dim;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.dsl.tensor.TensorType;
import dev.partita.runtime.state.NamedBlock.Role;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Blocks in one way are read in another; the twin goes element by element.
final class OverlapTest {
    private static final long ROWS = 24;
    private static final long COLUMNS = 12;

    static LongStream seeds() {
        return LongStream.range(0, 60);
    }

    /// All blocks of a matrix: along each dim in order, or the `i`-th from the front with the
    /// `i`-th from the back.
    private static List<BlockPlace> draw(Random random) {
        List<BlockPlace> places = new ArrayList<>();
        List<List<Long>> rows = along(random, ROWS);
        List<List<Long>> columns = along(random, COLUMNS);
        for (List<Long> row : rows) {
            for (List<Long> column : columns) {
                places.add(
                        new BlockPlace(
                                List.of(row, column),
                                List.of(ROWS / rows.size(), COLUMNS / columns.size())));
            }
        }
        return places;
    }

    private static List<List<Long>> along(Random random, long size) {
        int parts = List.of(1, 2, 3).get(random.nextInt(3));
        boolean balanced = random.nextBoolean();
        List<List<Long>> blocks = new ArrayList<>();
        for (int i = 0; i < parts; i++) {
            long half = size / parts / 2;
            blocks.add(
                    balanced
                            ? List.of(i * half, (2L * parts - 1 - i) * half)
                            : List.of(2L * i * half));
        }
        return blocks;
    }

    private static HostTensor block(BlockPlace place) {
        return HostTensor.zeros(
                TensorType.of(
                        Dtype.F32,
                        new Dim("rows", place.sizes().get(0)),
                        new Dim("columns", place.sizes().get(1))));
    }

    /// The number of the element of the whole that element `i` of a block is.
    private static long global(BlockPlace place, long i) {
        long columns = place.sizes().get(1);
        return index(place, 0, i / columns) * COLUMNS + index(place, 1, i % columns);
    }

    private static long index(BlockPlace place, int dim, long local) {
        List<Long> starts = place.at().get(dim);
        long length = place.sizes().get(dim) / starts.size();
        return starts.get((int) (local / length)) + local % length;
    }

    @ParameterizedTest(name = "blocks are read in other blocks, seed {0}")
    @MethodSource("seeds")
    void blocks_are_read_in_other_blocks(long seed) {
        var random = new Random(seed);
        List<BlockPlace> written = draw(random);
        List<BlockPlace> read = draw(random);
        for (BlockPlace to : read) {
            HostTensor target = block(to);
            for (BlockPlace from : written) {
                HostTensor source = block(from);
                for (long i = 0; i < source.elements(); i++) {
                    source.set(i, (double) global(from, i));
                }
                Overlap.copy(Dtype.F32, from, source.memory(), to, target.memory());
            }
            double[] expected =
                    LongStream.range(0, target.elements())
                            .mapToDouble(i -> (double) global(to, i))
                            .toArray();
            assertWithMessage("seed %s: %s", seed, to).that(target.toArray()).isEqualTo(expected);
        }
    }

    @ParameterizedTest(name = "blocks are complete only if none is missing or twice, seed {0}")
    @MethodSource("seeds")
    void blocks_are_complete_only_if_none_is_missing_or_twice(long seed) {
        var random = new Random(seed);
        List<BlockPlace> places = draw(random);
        assertThat(tensor(places).isComplete()).isTrue();
        int any = random.nextInt(places.size());
        List<BlockPlace> fewer = new ArrayList<>(places);
        BlockPlace taken = fewer.remove(any);
        assertThat(tensor(fewer).isComplete()).isFalse();
        List<BlockPlace> twice = new ArrayList<>(places);
        twice.add(taken);
        assertThat(tensor(twice).isComplete()).isFalse();
        if (places.size() > 1) {
            fewer.add(fewer.getFirst());
            assertThat(tensor(fewer).isComplete()).isFalse();
        }
    }

    private static StoredTensor tensor(List<BlockPlace> places) {
        return new StoredTensor(
                Role.PARAMETER,
                "f32[rows=" + ROWS + ", columns=" + COLUMNS + "]",
                places.stream().map(place -> new StoredTensor.Block("file", place)).toList());
    }

    @Test
    void a_place_prints_where_and_how_far() {
        var place = new BlockPlace(List.of(List.of(0L), List.of(0L, 6L)), List.of(2L, 4L));
        assertThat(place.toString()).isEqualTo("0,0+6;2,4");
        assertThat(place.boxes()).hasSize(2);
        assertThat(new BlockPlace(List.of(List.of()), List.of(2L)).isSound()).isFalse();
        assertThat(new BlockPlace(List.of(List.of(0L, 4L)), List.of(3L)).isSound()).isFalse();
        assertThat(new BlockPlace(List.of(), List.of(3L)).isSound()).isFalse();
    }
}
