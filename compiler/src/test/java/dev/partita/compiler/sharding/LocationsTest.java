package dev.partita.compiler.sharding;

import static com.google.common.truth.Truth.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.dsl.graph.Elementwise;
import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.graph.GraphBuilder;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.graph.Update;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.mesh.Coordinate;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.tensor.TensorType;
import java.util.List;
import org.junit.jupiter.api.Test;

class LocationsTest {
    private static final Mesh MESH = Mesh.of("pipe", 2).by("one", 1);
    private static final TensorType TYPE = TensorType.parse("f32[]");

    private final GraphBuilder builder = new GraphBuilder("m");

    private static List<Coordinate> at(String axis, int index) {
        return List.of(new Coordinate(axis, index));
    }

    private Value input(String name) {
        return builder.add(new Op.Input(name, TYPE));
    }

    private Value relocate(List<Coordinate> from, List<Coordinate> to, Value value) {
        return builder.add(new Reshard.Relocate(from, to), value);
    }

    private Value twice(Value value) {
        return builder.add(new Elementwise.Scale(2), value);
    }

    private List<Coordinate> location(Value value) {
        Graph graph = builder.build();
        return Locations.of(graph, MESH).getOrDefault(value, List.of());
    }

    @Test
    void without_relocations_everything_lives_everywhere() {
        Value x = input("x");
        assertThat(location(twice(x))).isEmpty();
        assertThat(location(x)).isEmpty();
    }

    @Test
    void an_op_is_computed_where_its_operands_live() {
        Value there = relocate(at("pipe", 0), at("pipe", 1), input("x"));
        Value sum = builder.add(new Elementwise.Add(), there, input("bias"));
        assertThat(location(twice(sum))).isEqualTo(at("pipe", 1));
    }

    @Test
    void what_comes_from_outside_lives_where_all_its_readers_compute() {
        Value x = input("x");
        Value rate = input("rate");
        Value both = input("both");
        Value there = relocate(at("pipe", 0), at("pipe", 1), x);
        Value y = builder.add(new Elementwise.Multiply(), there, twice(rate));
        builder.add(new Elementwise.Add(), y, both);
        builder.add(new Elementwise.Add(), x, both);
        assertThat(location(x)).isEqualTo(at("pipe", 0));
        assertThat(location(rate)).isEqualTo(at("pipe", 1));
        assertThat(location(both)).isEmpty();
    }

    @Test
    void an_update_that_nobody_reads_is_where_its_state_is() {
        Value x = relocate(at("pipe", 0), at("pipe", 1), input("x"));
        Value scale = builder.add(new Op.State("scale", TYPE, 1));
        Value count = builder.add(new Op.State("count", TYPE, 0));
        builder.addAll(new Op.RequireFinite("x"), List.of(x, scale, count));
        Value updated =
                builder.addAll(new Update.LossScaleStep(10), List.of(scale, count))
                        .results()
                        .getFirst();
        assertThat(location(count)).isEqualTo(at("pipe", 1));
        assertThat(location(updated)).isEqualTo(at("pipe", 1));
    }

    @Test
    void axes_of_one_device_do_not_count() {
        Value there = relocate(List.of(), at("one", 0), input("x"));
        assertThat(location(there)).isEmpty();
    }

    @Test
    void an_op_at_two_coordinates_and_a_value_that_is_not_there_are_mistakes_of_a_pass() {
        Value a = relocate(List.of(), at("pipe", 0), input("a"));
        Value b = relocate(List.of(), at("pipe", 1), input("b"));
        Value sum = builder.add(new Elementwise.Add(), a, b);
        assertThrows(IllegalArgumentException.class, () -> location(sum));
        var other = new GraphBuilder("m");
        Value c = other.add(new Op.Input("c", TYPE));
        Value there = other.add(new Reshard.Relocate(List.of(), at("pipe", 0)), c);
        other.add(new Reshard.Relocate(at("pipe", 1), List.of()), there);
        assertThrows(IllegalArgumentException.class, () -> Locations.of(other.build(), MESH));
    }
}
