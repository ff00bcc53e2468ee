package dev.partita.compiler.partition;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.Truth.assertWithMessage;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.mesh.Axis;
import dev.partita.dsl.mesh.Coordinate;
import dev.partita.dsl.mesh.DimSharding;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.mesh.Placement;
import dev.partita.dsl.tensor.Dim;
import dev.partita.dsl.tensor.Shape;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ReshardingTest {
    private static final Mesh MESH = Mesh.of("data", 2).by("tensor", 3);
    private static final Shape SHAPE = Shape.of(new Dim("rows", 12), new Dim("columns", 12));

    @Test
    void nothing_moves_where_nothing_changes() {
        assertThat(moves("data;", "", "data;", "")).isEmpty();
    }

    @Test
    void a_pending_sum_becomes_an_all_reduce() {
        assertThat(moves(";", "data", ";", "")).containsExactly("all-reduce data");
    }

    @Test
    void sums_over_two_axes_are_done_at_once() {
        assertThat(moves(";", "tensor,data", ";", "")).containsExactly("all-reduce data x tensor");
    }

    @Test
    void a_pending_sum_that_is_wanted_in_parts_becomes_a_reduce_scatter() {
        assertThat(moves(";", "tensor", "tensor;", ""))
                .containsExactly("reduce-scatter tensor dim 0");
    }

    @Test
    void a_whole_value_is_cut_without_communication() {
        assertThat(moves(";", "", "data,tensor;", "")).containsExactly("slice data x tensor dim 0");
    }

    @Test
    void a_sharded_value_wanted_whole_is_gathered() {
        assertThat(moves("data,tensor;", "", ";", ""))
                .containsExactly("all-gather data x tensor dim 0");
    }

    @Test
    void an_axis_that_changes_dims_takes_one_all_to_all() {
        assertThat(moves("tensor;", "", ";tensor", ""))
                .containsExactly("all-to-all tensor dim 1 to 0");
    }

    @Test
    void axes_that_change_places_are_gathered_and_cut_again() {
        assertThat(moves("data;tensor", "", "tensor;data", ""))
                .containsExactly(
                        "all-gather data dim 0", "all-to-all tensor dim 0 to 1", "slice data dim 1")
                .inOrder();
    }

    @Test
    void what_lies_inside_of_an_axis_that_moves_is_gathered_alone() {
        assertThat(moves("data,tensor;", "", ";data", ""))
                .containsExactly("all-gather tensor dim 0", "all-to-all data dim 1 to 0")
                .inOrder();
    }

    @Test
    void a_sum_that_is_done_cannot_become_pending() {
        assertThrows(IllegalArgumentException.class, () -> moves(";", "", ";", "data"));
    }

    @Test
    void a_pending_sum_that_is_wanted_on_one_device_is_reduced_there() {
        assertThat(moves(parse(";", "data"), at("data", 1))).containsExactly("reduce data to 1");
        assertThat(moves(parse(";", "data,tensor"), at("data", 1)))
                .containsExactly("reduce data to 1", "all-reduce tensor")
                .inOrder();
    }

    @Test
    void a_sharded_value_that_is_wanted_on_one_device_is_gathered_there() {
        assertThat(moves(parse("data;", ""), at("data", 1)))
                .containsExactly("gather data to 1 dim 0");
        assertThat(moves(parse("tensor,data;", ""), at("data", 1)))
                .containsExactly("gather data to 1 dim 0", "all-gather tensor dim 0")
                .inOrder();
    }

    @Test
    void what_is_everywhere_is_there_already() {
        assertThat(moves(parse(";", ""), at("data", 1))).isEmpty();
    }

    @Test
    void a_value_leaves_its_device_by_a_broadcast_or_in_parts() {
        assertThat(moves(at("data", 1), parse(";", ""))).containsExactly("broadcast data from 1");
        assertThat(moves(at("data", 1), parse(";data,tensor", "")))
                .containsExactly("scatter data from 1 dim 1", "slice tensor dim 1")
                .inOrder();
        assertThat(moves(at("data", 1), parse(";tensor,data", "")))
                .containsExactly("slice tensor dim 1", "scatter data from 1 dim 1")
                .inOrder();
    }

    @Test
    void a_value_goes_from_one_coordinate_to_another() {
        assertThat(moves(at("tensor", 0), at("tensor", 2)))
                .containsExactly("send tensor from 0 to 2");
    }

    private static Placement at(String axis, int index) {
        return parse(";", "").at(List.of(new Coordinate(axis, index)));
    }

    private static List<String> moves(Placement from, Placement to) {
        return Resharding.moves(SHAPE, from, to, MESH).stream()
                .map(m -> m.op().toString())
                .toList();
    }

    static IntStream seeds() {
        return IntStream.range(0, 600);
    }

    @ParameterizedTest(name = "any placement becomes any other, seed {0}")
    @MethodSource("seeds")
    void any_placement_becomes_any_other(int seed) {
        var random = new Random(seed);
        Placement from = randomPlacement(random, true);
        Placement to = randomPlacement(random, false);
        List<double[][]> blocks = PlainMesh.scatter(MESH, SHAPE, from);
        Placement at = from;
        for (Resharding.Move move : Resharding.moves(SHAPE, from, to, MESH)) {
            blocks = PlainMesh.apply(MESH, move.op(), blocks);
            at = move.after();
        }
        // it may live on more devices than it is wanted on
        assertThat(at.at(to.at())).isEqualTo(to);
        assertThat(to.at()).containsAtLeastElementsIn(at.at());
        List<double[][]> expected = PlainMesh.scatter(MESH, SHAPE, to);
        for (int rank = 0; rank < MESH.devices(); rank++) {
            if (to.isHeldBy(MESH, rank)) {
                assertWithMessage("seed %s, rank %s: %s to %s", seed, rank, from, to)
                        .that(blocks.get(rank))
                        .isEqualTo(expected.get(rank));
            }
        }
    }

    private static Placement randomPlacement(Random random, boolean partial) {
        List<String> axes = new ArrayList<>(MESH.axisNames());
        Collections.shuffle(axes, random);
        List<List<String>> dims = List.of(new ArrayList<>(), new ArrayList<>());
        List<String> pending = new ArrayList<>();
        List<Coordinate> at = new ArrayList<>();
        for (String axis : axes) {
            switch (random.nextInt(5)) {
                case 0 -> dims.get(0).add(axis);
                case 1 -> dims.get(1).add(axis);
                case 2 -> {
                    if (partial) {
                        pending.add(axis);
                    }
                }
                case 3 -> at.add(new Coordinate(axis, random.nextInt(MESH.size(axis))));
                default -> {}
            }
        }
        return new Placement(
                dims.stream()
                        .map(names -> new DimSharding(names, random.nextInt(3) == 0, 0))
                        .toList(),
                pending,
                at);
    }

    private static List<String> moves(
            String from, String fromPartial, String to, String toPartial) {
        return moves(parse(from, fromPartial), parse(to, toPartial));
    }

    /// Reads `data,tensor;` as rows over data and tensor, columns whole, and `data!` as balanced.
    private static Placement parse(String dims, String partial) {
        List<DimSharding> shardings = new ArrayList<>();
        for (String dim : dims.split(";", -1)) {
            boolean balanced = dim.endsWith("!");
            shardings.add(new DimSharding(names(dim.replace("!", "")), balanced, 0));
        }
        return new Placement(shardings, names(partial));
    }

    private static List<String> names(String text) {
        return text.isEmpty() ? List.of() : List.of(text.split(","));
    }

    /// Reshards done on plain matrices, one per rank: the slow twin.
    private static final class PlainMesh {
        /// What a device has of a value that does not live with it.
        private static final double[][] NOTHING = {};

        /// The blocks of a numbered matrix; a partial one is its value times weights that sum to 1.
        static List<double[][]> scatter(Mesh mesh, Shape shape, Placement placement) {
            List<double[][]> blocks = new ArrayList<>();
            for (int rank = 0; rank < mesh.devices(); rank++) {
                if (!placement.isHeldBy(mesh, rank)) {
                    blocks.add(NOTHING);
                    continue;
                }
                var region = placement.region(shape, mesh, rank);
                int rows = (int) shape.size(0) / mesh.size(placement.dim(0).axes());
                int columns = (int) shape.size(1) / mesh.size(placement.dim(1).axes());
                int parts = mesh.size(placement.partial());
                int position = mesh.coordinate(rank, placement.partial());
                var block = new double[rows][columns];
                for (int i = 0; i < rows; i++) {
                    for (int j = 0; j < columns; j++) {
                        double value =
                                region.along(0).global(i, rows) * 64
                                        + region.along(1).global(j, columns);
                        double rest = value - (parts - 1) * 7;
                        block[i][j] = position == 0 ? rest : 7;
                    }
                }
                blocks.add(block);
            }
            return blocks;
        }

        static List<double[][]> apply(Mesh mesh, Reshard.Grouped op, List<double[][]> blocks) {
            List<String> axes = op.axes().stream().map(Axis::name).toList();
            List<double[][]> after = new ArrayList<>();
            for (int rank = 0; rank < mesh.devices(); rank++) {
                List<double[][]> group = mesh.group(rank, axes).stream().map(blocks::get).toList();
                int position = mesh.coordinate(rank, axes);
                after.add(isHeld(op, group) ? block(op, group, position) : NOTHING);
            }
            return after;
        }

        /// True if the value lives with the group at all.
        private static boolean isHeld(Reshard.Grouped op, List<double[][]> group) {
            return IntStream.range(0, group.size())
                    .filter(i -> !(op instanceof Reshard.Collective each) || each.gives(i))
                    .allMatch(i -> group.get(i).length > 0);
        }

        private static double[][] block(Reshard.Grouped op, List<double[][]> group, int position) {
            int size = group.size();
            return switch (op) {
                case Reshard.AllReduce _ -> sum(group);
                case Reshard.AllGather(var _, Reshard.Cut cut) -> join(group, cut);
                case Reshard.ReduceScatter(var _, Reshard.Cut cut) ->
                        part(sum(group), cut, position, size);
                case Reshard.Slice(var _, Reshard.Cut cut) ->
                        part(group.get(position), cut, position, size);
                case Reshard.Rotate _ -> group.get(Math.floorMod(position - 1, size));
                case Reshard.AllToAll(var _, Reshard.Cut split, Reshard.Cut join) ->
                        join(
                                group.stream().map(b -> part(b, split, position, size)).toList(),
                                join);
                case Reshard.Broadcast(var _, int root) -> group.get(root);
                case Reshard.Reduce(var _, int root) -> position == root ? sum(group) : NOTHING;
                case Reshard.Scatter(var _, int root, int dim) ->
                        part(group.get(root), new Reshard.Cut(dim, false), position, size);
                case Reshard.Gather(var _, int root, int dim) ->
                        position == root ? join(group, new Reshard.Cut(dim, false)) : NOTHING;
                case Reshard.Send(var _, int from, int to) ->
                        position == to ? group.get(from) : NOTHING;
            };
        }

        private static double[][] sum(List<double[][]> group) {
            var total = new double[group.getFirst().length][group.getFirst()[0].length];
            for (double[][] block : group) {
                for (int i = 0; i < total.length; i++) {
                    for (int j = 0; j < total[i].length; j++) {
                        total[i][j] += block[i][j];
                    }
                }
            }
            return total;
        }

        private static double[][] join(List<double[][]> group, Reshard.Cut cut) {
            int rows = group.getFirst().length;
            int columns = group.getFirst()[0].length;
            int times = group.size();
            int dim = cut.dim();
            var joined =
                    new double[dim == 0 ? rows * times : rows]
                            [dim == 1 ? columns * times : columns];
            for (int g = 0; g < times; g++) {
                for (int i = 0; i < rows; i++) {
                    for (int j = 0; j < columns; j++) {
                        joined[dim == 0 ? place(cut, i, rows, g, times) : i][
                                        dim == 1 ? place(cut, j, columns, g, times) : j] =
                                group.get(g)[i][j];
                    }
                }
            }
            return joined;
        }

        private static double[][] part(double[][] block, Reshard.Cut cut, int position, int parts) {
            int dim = cut.dim();
            int rows = dim == 0 ? block.length / parts : block.length;
            int columns = dim == 1 ? block[0].length / parts : block[0].length;
            var part = new double[rows][columns];
            for (int i = 0; i < rows; i++) {
                for (int j = 0; j < columns; j++) {
                    part[i][j] =
                            block[dim == 0 ? place(cut, i, rows, position, parts) : i][
                                    dim == 1 ? place(cut, j, columns, position, parts) : j];
                }
            }
            return part;
        }

        /// Where element `i` of the `position`-th of `parts` parts of this size lies in all of
        /// them.
        private static int place(Reshard.Cut cut, int i, int size, int position, int parts) {
            int half = size / 2;
            if (!cut.balanced()) {
                return position * size + i;
            }
            return i < half ? position * half + i : (2 * parts - 1 - position) * half + i - half;
        }
    }
}
