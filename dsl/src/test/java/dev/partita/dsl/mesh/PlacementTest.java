package dev.partita.dsl.mesh;

import static com.google.common.truth.Truth.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.dsl.problem.Origin;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import dev.partita.dsl.tensor.Region.Along;
import dev.partita.dsl.tensor.TensorType;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlacementTest {
    private static final Mesh MESH = Mesh.of("data", 2).by("tensor", 4);
    private static final TensorType TYPE = TensorType.parse("f32[batch=32, hidden=8]");

    private static Placement placed(DimSharding... dims) {
        return Placement.of(List.of(dims));
    }

    @Test
    void a_placement_prints_what_each_dim_is_split_over_and_what_is_still_to_be_summed() {
        Placement both = placed(DimSharding.over("data"), DimSharding.over("tensor"));
        assertThat(both.toString()).isEqualTo("[{data}, {tensor}]");
        Placement partial =
                placed(DimSharding.over("data"), DimSharding.WHOLE).withPartial(List.of("tensor"));
        assertThat(partial.toString()).isEqualTo("[{data}, {}] sum{tensor}");
        assertThat(partial.complete().toString()).isEqualTo("[{data}, {}]");
        assertThat(Placement.replicated(2).isReplicated()).isTrue();
        assertThat(partial.isReplicated()).isFalse();
    }

    @Test
    void a_value_that_lives_at_one_coordinate_says_so_and_is_held_there_alone() {
        Placement home =
                placed(DimSharding.WHOLE, DimSharding.over("tensor"))
                        .at(List.of(new Coordinate("data", 1)));
        assertThat(home.toString()).isEqualTo("[{}, {tensor}] at{data=1}");
        assertThat(home.isHeldBy(MESH, 3)).isFalse();
        assertThat(home.isHeldBy(MESH, 4)).isTrue();
        assertThat(home.local(TYPE, MESH).toString()).isEqualTo("f32[batch=32, hidden=2]");
        assertThat(home.region(TYPE.shape(), MESH, 6).dims())
                .containsExactly(Along.from(0), Along.from(4))
                .inOrder();
        assertThat(home.coordinate("data")).hasValue(1);
        assertThat(home.concerns("data")).isTrue();
        assertThat(Placement.replicated(1).at(List.of(new Coordinate("data", 0))).isReplicated())
                .isFalse();
        assertThat(home.with(1, DimSharding.WHOLE).isWhole()).isTrue();
    }

    @Test
    void an_axis_cannot_both_split_a_value_and_have_the_one_place_where_it_lives() {
        Placement split = placed(DimSharding.over("data"));
        List<Coordinate> here = List.of(new Coordinate("data", 0));
        assertThrows(ProblemException.class, () -> split.at(here));
        assertThrows(
                ProblemException.class,
                () -> Placement.replicated(1).at(here).withPartial(List.of("data")));
    }

    @Test
    void devices_that_do_the_same_are_named_by_their_coordinates() {
        assertThat(Role.all(MESH).toString()).isEqualTo("all");
        assertThat(new Role(MESH, List.of(0, 1, 2, 3)).toString()).isEqualTo("data=0");
        assertThat(new Role(MESH, List.of(1, 2, 3, 5, 6, 7)).toString()).isEqualTo("tensor=1..3");
        assertThat(new Role(MESH, List.of(0, 2)).toString()).isEqualTo("data=0, tensor=0|2");
        assertThat(new Role(MESH, List.of(0, 5)).toString()).isEqualTo("ranks 0, 5");
        assertThat(Role.all(MESH).rankList()).isEqualTo("0, 1, 2, 3 and 4 more");
    }

    @Test
    void a_placement_changes_dim_by_dim() {
        Placement split = Placement.replicated(2).with(1, DimSharding.over("tensor"));
        assertThat(split.dim(1)).isEqualTo(DimSharding.over("tensor"));
        assertThat(split.dim(0).isWhole()).isTrue();
        assertThat(split.shards("tensor")).isTrue();
        assertThat(split.shards("data")).isFalse();
        assertThat(split.isPartial()).isFalse();
        assertThat(split.withPartial(List.of("data")).isPartial()).isTrue();
    }

    @Test
    void a_dim_is_split_further_and_joined_again_from_the_innermost_axis() {
        DimSharding both = DimSharding.over("data").and(List.of("tensor"));
        assertThat(both.toString()).isEqualTo("{data, tensor}");
        assertThat(both.without(List.of("tensor"))).isEqualTo(DimSharding.over("data"));
        assertThat(both.without(List.of("data", "tensor")).isWhole()).isTrue();
        assertThrows(IllegalArgumentException.class, () -> both.without(List.of("data")));
        assertThrows(IllegalArgumentException.class, () -> both.without(List.of("a", "b", "c")));
    }

    @Test
    void a_device_holds_its_part_of_every_split_dim() {
        assertThat(
                        placed(DimSharding.over("data"), DimSharding.over("tensor"))
                                .local(TYPE, MESH)
                                .toString())
                .isEqualTo("f32[batch=16, hidden=2]");
        assertThat(
                        placed(DimSharding.over("data", "tensor"), DimSharding.WHOLE)
                                .local(TYPE, MESH)
                                .toString())
                .isEqualTo("f32[batch=4, hidden=8]");
    }

    @Test
    void a_dim_split_over_two_axes_is_laid_out_major_axis_first() {
        Placement major = placed(DimSharding.over("tensor", "data"), DimSharding.WHOLE);
        var offsets = new ArrayList<Long>();
        for (int rank = 0; rank < MESH.devices(); rank++) {
            offsets.add(major.region(TYPE.shape(), MESH, rank).along(0).first());
        }
        assertThat(offsets).containsExactly(0L, 8L, 16L, 24L, 4L, 12L, 20L, 28L).inOrder();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "{tensor}; {data}",
                "{tensor balanced}; {data}",
                "{tensor balanced turned 3}; {data turned 1}",
                "{tensor, data balanced}; {}"
            })
    void the_blocks_of_all_devices_cover_the_whole_once(String rows, String columns) {
        Placement placement = placed(DimSharding.parse(rows), DimSharding.parse(columns));
        var covered = new int[(int) TYPE.shape().elements()];
        for (int rank = 0; rank < MESH.devices(); rank++) {
            placement
                    .region(TYPE.shape(), MESH, rank)
                    .forEachRow(
                            placement.local(TYPE, MESH).shape(),
                            (start, _, n) -> {
                                for (int i = 0; i < n; i++) {
                                    covered[(int) start + i]++;
                                }
                            });
        }
        assertThat(IntStream.of(covered).boxed().distinct().toList()).containsExactly(1);
    }

    @Test
    void a_dim_that_does_not_divide_names_the_sizes_that_do() {
        String expected =
                """
                [IndivisibleDim] Dim hidden does not divide over tensor.
                  dim:       hidden=250
                  devices:   4 (mesh[data=2, tensor=4])
                  left over: 2
                  try:       make hidden 248 or 252, or shard another dim\
                """;
        Placement placement = placed(DimSharding.WHOLE, DimSharding.over("tensor"));
        TensorType odd = TensorType.parse("f32[batch=32, hidden=250]");
        var problem =
                assertThrows(ProblemException.class, () -> placement.local(odd, MESH)).problem();
        assertThat(problem.at(Origin.UNKNOWN).print()).isEqualTo(expected);
    }

    @Test
    void a_dim_smaller_than_its_devices_is_only_offered_more() {
        Placement placement = placed(DimSharding.over("data", "tensor"), DimSharding.WHOLE);
        TensorType small = TensorType.parse("f32[batch=3, hidden=8]");
        var problem =
                assertThrows(ProblemException.class, () -> placement.local(small, MESH)).problem();
        assertThat(problem.sentence()).isEqualTo("Dim batch does not divide over data x tensor.");
        assertThat(problem.fix()).isEqualTo("make batch 8, or shard another dim");
    }

    @Test
    void an_axis_places_a_value_once() {
        var problem =
                assertThrows(
                                ProblemException.class,
                                () -> placed(DimSharding.over("data"), DimSharding.over("data")))
                        .problem();
        assertThat(problem.code()).isEqualTo(ProblemCode.AXIS_USED_TWICE);
        Placement split = placed(DimSharding.over("data"));
        assertThrows(ProblemException.class, () -> split.withPartial(List.of("data")));
    }
}
