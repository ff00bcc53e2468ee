package dev.partita.dsl.mesh;

import static com.google.common.truth.Truth.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.dsl.problem.Origin;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MeshTest {
    private static final Mesh MESH = Mesh.of("data", 2).by("tensor", 3).by("pipe", 2);

    @Test
    void ranks_count_with_the_last_axis_fastest() {
        assertThat(MESH.devices()).isEqualTo(12);
        assertThat(MESH.coordinate(7, "data")).isEqualTo(1);
        assertThat(MESH.coordinate(7, "tensor")).isEqualTo(0);
        assertThat(MESH.coordinate(7, "pipe")).isEqualTo(1);
        assertThat(MESH.coordinate(7, List.of("pipe", "tensor"))).isEqualTo(3);
    }

    @Test
    void a_group_is_the_ranks_that_differ_only_along_its_axes() {
        assertThat(MESH.group(7, List.of("data"))).containsExactly(1, 7).inOrder();
        assertThat(MESH.group(7, List.of("tensor"))).containsExactly(7, 9, 11).inOrder();
        assertThat(MESH.group(0, List.of("data", "pipe"))).containsExactly(0, 1, 6, 7).inOrder();
        assertThat(MESH.group(0, List.of("pipe", "data"))).containsExactly(0, 6, 1, 7).inOrder();
        assertThat(MESH.group(5, List.of())).containsExactly(5);
    }

    @Test
    void the_groups_over_an_axis_share_out_the_ranks() {
        for (Axis axis : MESH.axes()) {
            List<Integer> members =
                    IntStream.range(0, MESH.devices())
                            .mapToObj(rank -> MESH.group(rank, List.of(axis.name())))
                            .distinct()
                            .flatMap(List::stream)
                            .toList();
            assertThat(members).containsExactlyElementsIn(IntStream.range(0, 12).boxed().toList());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"data=2,tensor=4", "data=2", " data = 2 , tensor = 4 "})
    void a_mesh_is_read_as_it_is_written(String text) {
        String tidy = text.replace(" ", "").replace(",", ", ");
        assertThat(Mesh.parse(text).toString()).isEqualTo("mesh[" + tidy + "]");
    }

    @Test
    void an_axis_may_have_one_device() {
        assertThat(Mesh.of("data", 1).by("tensor", 1).devices()).isEqualTo(1);
    }

    @Test
    void a_mesh_knows_its_axes() {
        assertThat(MESH.axisNames()).containsExactly("data", "tensor", "pipe").inOrder();
        assertThat(MESH.has("pipe")).isTrue();
        assertThat(MESH.has("expert")).isFalse();
        assertThat(MESH.axis("tensor")).isEqualTo(new Axis("tensor", 3));
        assertThrows(ProblemException.class, () -> MESH.coordinate(0, "expert"));
    }

    @Test
    void the_empty_text_is_one_device() {
        assertThat(Mesh.parse("")).isEqualTo(Mesh.ONE_DEVICE);
        assertThat(Mesh.ONE_DEVICE.devices()).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"data", "data=", "data=two", "data=2,,", "=2", "data=0", "2=data"})
    void what_is_not_a_mesh_is_a_problem(String text) {
        assertThat(assertThrows(ProblemException.class, () -> Mesh.parse(text)).problem().code())
                .isEqualTo(ProblemCode.INVALID_MESH);
    }

    @Test
    void an_axis_is_named_once() {
        assertThat(
                        assertThrows(ProblemException.class, () -> Mesh.parse("data=2,data=2"))
                                .problem()
                                .code())
                .isEqualTo(ProblemCode.DUPLICATE_NAME);
    }

    @Test
    void an_unknown_axis_names_the_one_that_was_meant() {
        String expected =
                """
                [UnknownAxis] The mesh has no axis "tensr".
                  mesh: mesh[data=2, tensor=3, pipe=2]
                  try:  axis "tensor" (there is data, tensor, pipe)\
                """;
        var problem = assertThrows(ProblemException.class, () -> MESH.size("tensr")).problem();
        assertThat(problem.at(Origin.UNKNOWN).print()).isEqualTo(expected);
    }
}
