package dev.partita.dsl.mesh;

import static com.google.common.truth.Truth.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.dsl.tensor.Region.Along;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DimShardingTest {
    private static final Mesh RING = Mesh.of("context", 4);

    private static List<String> blocks(String sharding, long size) {
        return IntStream.range(0, RING.devices())
                .mapToObj(rank -> DimSharding.parse(sharding).along(size, RING, rank))
                .map(Along::toString)
                .toList();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{data}",
                "{data, tensor}",
                "{context balanced}",
                "{context turned 1}",
                "{data, context balanced turned 12}",
                "{balanced balanced}"
            })
    void what_is_printed_is_read_back(String printed) {
        assertThat(DimSharding.parse(printed).toString()).isEqualTo(printed);
    }

    @Test
    void other_text_is_no_sharding() {
        for (String text : List.of("", "data", "{data,tensor}", "{data turned}", "{data uneven}")) {
            assertThrows(IllegalArgumentException.class, () -> DimSharding.parse(text));
        }
    }

    @Test
    void balanced_blocks_are_a_stretch_from_the_front_and_one_from_the_back() {
        assertThat(blocks("{context}", 16)).containsExactly("0", "4", "8", "12").inOrder();
        assertThat(blocks("{context balanced}", 16))
                .containsExactly("0+14", "2+12", "4+10", "6+8")
                .inOrder();
    }

    @Test
    void turned_blocks_are_those_of_the_devices_before() {
        assertThat(blocks("{context turned 1}", 16)).containsExactly("12", "0", "4", "8").inOrder();
        assertThat(blocks("{context balanced turned 3}", 16))
                .containsExactly("2+12", "4+10", "6+8", "0+14")
                .inOrder();
    }

    @Test
    void a_dim_split_over_no_axis_is_whole_however_it_is_dealt() {
        assertThat(new DimSharding(List.of(), true, 2)).isEqualTo(DimSharding.WHOLE);
        assertThat(DimSharding.parse("{context balanced}").without(List.of("context")).isWhole())
                .isTrue();
    }

    @Test
    void a_dim_is_cut_further_in_one_way_only() {
        DimSharding balanced = DimSharding.parse("{data balanced}");
        assertThat(balanced.and(List.of("context")).toString())
                .isEqualTo("{data, context balanced}");
        assertThrows(IllegalArgumentException.class, () -> balanced.cut(List.of("context"), false));
    }
}
