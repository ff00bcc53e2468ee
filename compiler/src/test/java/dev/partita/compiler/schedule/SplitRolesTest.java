package dev.partita.compiler.schedule;

import static com.google.common.truth.Truth.assertThat;

import dev.partita.compiler.partition.LocalGraph;
import dev.partita.compiler.plan.MemoryUse;
import dev.partita.dsl.graph.Elementwise;
import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.graph.GraphBuilder;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.mesh.Axis;
import dev.partita.dsl.mesh.Coordinate;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.mesh.Placement;
import dev.partita.dsl.tensor.TensorType;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class SplitRolesTest {
    private static final TensorType TYPE = TensorType.parse("f32[d=4]");
    private static final List<Axis> PIPE = List.of(new Axis("pipe", 3));

    private final GraphBuilder builder = new GraphBuilder("m");
    private final Map<Value, Placement> placements = new HashMap<>();

    private Value at(int coordinate, Op op, Value... operands) {
        Value value = builder.add(op, operands);
        placements.put(
                value, Placement.replicated(1).at(List.of(new Coordinate("pipe", coordinate))));
        return value;
    }

    private Value everywhere(Op op, Value... operands) {
        Value value = builder.add(op, operands);
        placements.put(value, Placement.replicated(1));
        return value;
    }

    /// What each role does, without the types.
    private Map<String, String> split() {
        Graph graph = builder.build();
        Map<Value, LocalGraph.Block> blocks = new HashMap<>();
        placements.forEach((value, placement) ->
                blocks.put(value, new LocalGraph.Block(value, placement, MemoryUse.BUFFERS)));
        var local = new LocalGraph(graph, new Mesh(PIPE), blocks, Map.of());
        return SplitRoles.run(Overlap.run(local)).roles().stream()
                .collect(Collectors.toMap(each -> each.role().toString(), SplitRolesTest::print));
    }

    private static String print(DeviceSequence sequence) {
        return sequence.actions().stream()
                .map(action ->
                        switch (action) {
                            case Action.Run run -> run.node().toString();
                            case Action.Start start ->
                                    "start %d %s -> %s"
                                            .formatted(start.tag(), start.reads(), start.writes());
                            case Action.Finish finish -> "finish " + finish.tag();
                        })
                .map(line -> line.replaceAll(" : .*", ""))
                .collect(Collectors.joining("\n"));
    }

    @Test
    void devices_that_differ_by_nothing_have_one_role() {
        Value x = everywhere(new Op.Input("x", TYPE));
        everywhere(new Elementwise.Relu(), x);
        assertThat(split())
                .containsExactly(
                        "all",
                        """
                        %0 = input "x"
                        %1 = relu %0\
                        """);
    }

    @Test
    void a_send_is_started_by_who_gives_and_who_takes_and_others_know_nothing_of_it() {
        Value x = at(0, new Op.Input("x", TYPE));
        Value y = at(0, new Elementwise.Relu(), x);
        Value there = at(1, new Reshard.Send(PIPE, 0, 1), y);
        builder.output("z", at(1, new Elementwise.Tanh(), there));
        assertThat(split())
                .containsExactly(
                        "pipe=0",
                        """
                        %0 = input "x"
                        %1 = relu %0
                        start 0 [%1] -> []
                        finish 0\
                        """,
                        "pipe=1",
                        """
                        start 0 [] -> [%2]
                        finish 0
                        %3 = tanh %2\
                        """,
                        "pipe=2",
                        "");
    }

    @Test
    void the_root_of_a_broadcast_reads_what_it_has_under_the_name_that_others_read() {
        Value w = at(1, new Op.Input("w", TYPE));
        Value all = everywhere(new Reshard.Broadcast(PIPE, 1), w);
        builder.output("y", everywhere(new Elementwise.Relu(), all));
        assertThat(split())
                .containsExactly(
                        "pipe=0|2",
                        """
                        start 0 [] -> [%1]
                        finish 0
                        %2 = relu %1\
                        """,
                        "pipe=1",
                        """
                        %0 = input "w"
                        start 0 [%0] -> []
                        %1 = relocate from pipe=1 %0
                        finish 0
                        %2 = relu %1\
                        """);
    }

    @Test
    void a_sum_on_one_device_is_waited_for_by_all_at_one_place() {
        Value x = everywhere(new Op.Input("x", TYPE));
        Value sum = at(2, new Reshard.Reduce(PIPE, 2), x);
        everywhere(new Elementwise.Relu(), x);
        builder.output("y", at(2, new Elementwise.Tanh(), sum));
        assertThat(split())
                .containsExactly(
                        "pipe=0..1",
                        """
                        %0 = input "x"
                        start 0 [%0] -> []
                        %2 = relu %0
                        finish 0\
                        """,
                        "pipe=2",
                        """
                        %0 = input "x"
                        start 0 [%0] -> [%1]
                        %2 = relu %0
                        finish 0
                        %3 = tanh %1\
                        """);
    }

    @Test
    void what_only_others_read_is_neither_fed_nor_computed() {
        Value rate = everywhere(new Op.Input("rate", TYPE));
        Value twice = everywhere(new Elementwise.Scale(2), rate);
        Value w = at(0, new Op.Input("w", TYPE));
        builder.output("y", at(0, new Elementwise.Add(), w, twice));
        assertThat(split()).containsEntry("pipe=1..2", "");
    }
}
