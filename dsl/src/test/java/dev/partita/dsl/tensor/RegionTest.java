package dev.partita.dsl.tensor;

import static com.google.common.truth.Truth.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RegionTest {
    private static final Shape WHOLE = TensorType.parse("f32[a=4, b=3, c=6]").shape();

    @Test
    void rows_of_a_block_know_where_they_lie_in_the_whole() {
        var region = new Region(WHOLE, List.of(2L, 0L, 3L));
        var rows = new ArrayList<String>();
        region.forEachRow(
                TensorType.parse("f32[a=2, b=3, c=3]").shape(),
                (global, local, length) -> rows.add(global + " " + local + " " + length));
        assertThat(rows)
                .containsExactly("39 0 3", "45 3 3", "51 6 3", "57 9 3", "63 12 3", "69 15 3")
                .inOrder();
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
    void a_region_has_one_offset_per_dim() {
        assertThrows(IllegalArgumentException.class, () -> new Region(WHOLE, List.of(0L)));
        assertThat(Region.whole(WHOLE).isWhole(WHOLE)).isTrue();
        assertThat(Region.whole(WHOLE).isWhole(WHOLE.with(0, new Dim("a", 2)))).isFalse();
        assertThat(new Region(WHOLE, List.of(2L, 0L, 3L)).toString())
                .isEqualTo("at [2, 0, 3] of [a=4, b=3, c=6]");
    }
}
