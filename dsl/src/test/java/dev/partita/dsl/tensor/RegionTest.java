package dev.partita.dsl.tensor;

import static com.google.common.truth.Truth.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.dsl.tensor.Region.Along;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RegionTest {
    private static final Shape WHOLE = TensorType.parse("f32[a=4, b=3, c=6]").shape();

    @Test
    void rows_of_a_block_know_where_they_lie_in_the_whole() {
        var region = Region.at(WHOLE, 2L, 0L, 3L);
        var rows = new ArrayList<String>();
        region.forEachRow(
                TensorType.parse("f32[a=2, b=3, c=3]").shape(),
                (global, local, length) -> rows.add(global + " " + local + " " + length));
        assertThat(rows)
                .containsExactly("39 0 3", "45 3 3", "51 6 3", "57 9 3", "63 12 3", "69 15 3")
                .inOrder();
    }

    @Test
    void rows_of_a_block_in_two_halves_know_where_they_lie_in_the_whole() {
        var halves = new Region(WHOLE, List.of(new Along(0, 3), Along.from(1), new Along(1, 4)));
        var rows = new ArrayList<String>();
        halves.forEachRow(
                TensorType.parse("f32[a=2, b=2, c=4]").shape(),
                (global, local, length) -> rows.add(global + " " + local + " " + length));
        assertThat(rows)
                .containsExactly(
                        "7 0 2", "10 2 2", "13 4 2", "16 6 2", "61 8 2", "64 10 2", "67 12 2",
                        "70 14 2")
                .inOrder();
        assertThat(halves.toString()).isEqualTo("at [0+3, 1, 1+4] of [a=4, b=3, c=6]");
    }

    @Test
    void an_index_of_the_whole_is_found_in_the_block_that_has_it() {
        for (Along along : List.of(Along.from(3), new Along(2, 9), new Along(4, 6))) {
            for (long i = 0; i < 4; i++) {
                assertThat(along.local(along.global(i, 4), 4)).isEqualTo(i);
            }
        }
        assertThat(Along.from(3).local(2, 4)).isEqualTo(-1);
        assertThat(Along.from(3).local(7, 4)).isEqualTo(-1);
        for (long elsewhere : List.of(1, 4, 8, 11)) {
            assertThat(new Along(2, 9).local(elsewhere, 4)).isEqualTo(-1);
        }
    }

    @Test
    void the_whole_visits_every_element_in_order() {
        var starts = new ArrayList<Long>();
        Region.whole(WHOLE)
                .forEachRow(
                        WHOLE,
                        (global, local, length) -> {
                            assertThat(global).isEqualTo(local);
                            assertThat(length).isEqualTo(6);
                            starts.add(global);
                        });
        assertThat(starts)
                .containsExactly(0L, 6L, 12L, 18L, 24L, 30L, 36L, 42L, 48L, 54L, 60L, 66L)
                .inOrder();
    }

    @Test
    void a_scalar_is_one_row_of_one() {
        var rows = new ArrayList<Long>();
        Region.whole(Shape.SCALAR).forEachRow(Shape.SCALAR, (_, _, length) -> rows.add(length));
        assertThat(rows).containsExactly(1L);
    }

    @Test
    void a_region_has_one_place_per_dim() {
        assertThrows(IllegalArgumentException.class, () -> Region.at(WHOLE, 0L));
        assertThat(Region.whole(WHOLE).isWhole(WHOLE)).isTrue();
        assertThat(Region.whole(WHOLE).isWhole(WHOLE.with(0, new Dim("a", 2)))).isFalse();
        assertThat(Region.at(WHOLE, 2L, 0L, 3L).toString())
                .isEqualTo("at [2, 0, 3] of [a=4, b=3, c=6]");
    }
}
