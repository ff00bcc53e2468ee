package dev.partita.compiler.schedule;

import static com.google.common.truth.Truth.assertThat;

import dev.partita.compiler.partition.LocalGraph;
import dev.partita.compiler.plan.MemoryUse;
import dev.partita.dsl.graph.Elementwise;
import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.graph.GraphBuilder;
import dev.partita.dsl.graph.Initializer;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.graph.Update;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.mesh.Axis;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.mesh.Placement;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.dsl.tensor.TensorType;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class StartEarlyTest {
    private static final TensorType WHOLE = TensorType.parse("f32[d=4]");
    private static final TensorType BLOCK = TensorType.parse("f32[d=2]");
    private static final List<Axis> DATA = List.of(new Axis("data", 2));

    private final GraphBuilder builder = new GraphBuilder("m");

    private Value weight(String name) {
        return builder.add(new Op.Parameter(name, BLOCK, new Initializer.Fill(0)));
    }

    private Value gather(Value block) {
        return builder.add(new Reshard.AllGather(DATA, 0), block);
    }

    private Value scatter(Value summand) {
        return builder.add(new Reshard.ReduceScatter(DATA, 0), summand);
    }

    private Value multiply(Value a, Value b) {
        return builder.add(new Elementwise.Multiply(), a, b);
    }

    private String before() {
        return print(builder.build());
    }

    private String after() {
        return after(0);
    }

    private String after(long bucketBytes) {
        Graph graph = builder.build();
        Map<Value, LocalGraph.Block> blocks = new HashMap<>();
        graph.nodes().stream()
                .flatMap(node -> node.results().stream())
                .forEach(value -> blocks.put(value, everywhere(value)));
        var local = new LocalGraph(graph, new Mesh(DATA), blocks, Map.of());
        return print(StartEarly.run(local, bucketBytes).graph());
    }

    private static LocalGraph.Block everywhere(Value value) {
        var placement = Placement.replicated(value.type().shape().rank());
        return new LocalGraph.Block(value, placement, MemoryUse.BUFFERS);
    }

    private static String print(Graph graph) {
        return graph.nodes().stream()
                .map(node -> node.toString().replaceAll(" (?:data dim 0|: .*)", ""))
                .collect(Collectors.joining("\n"));
    }

    @Test
    void a_store_of_what_forward_computed_stays_behind_the_check_of_the_step() {
        Value state = builder.add(new Op.State("running-mean", BLOCK, 0));
        Value next = multiply(state, state);
        Value norm = builder.add(new Op.SumSquares(), next);
        builder.addAll(new Op.RequireFinite("gradient norm"), List.of(norm));
        builder.add(new Update.Store(), state, next);
        assertThat(after()).isEqualTo(before());
    }

    @Test
    void a_store_of_what_forward_computed_and_others_sent_stays_there_too() {
        Value state = builder.add(new Op.State("running-mean", WHOLE, 0));
        Value next = multiply(weight("part"), weight("part2"));
        Value norm = builder.add(new Op.SumSquares(), next);
        builder.addAll(new Op.RequireFinite("gradient norm"), List.of(norm));
        builder.add(new Update.Store(), state, gather(next));
        assertThat(after().lines().toList().getLast()).startsWith("%6 = store %0 %5");
    }

    @Test
    void weights_are_gathered_one_layer_ahead() {
        Value x = builder.add(new Op.Input("x", WHOLE));
        Value gain = gather(weight("gain"));
        Value bias = gather(weight("bias"));
        Value scaled = multiply(x, gain);
        Value shifted = builder.add(new Elementwise.Add(), scaled, bias);
        Value second = multiply(shifted, gather(weight("second")));
        multiply(second, gather(weight("third")));
        assertThat(before())
                .isEqualTo(
                        """
                        %0 = input "x"
                        %1 = parameter "gain"
                        %2 = all-gather %1
                        %3 = parameter "bias"
                        %4 = all-gather %3
                        %5 = multiply %0 %2
                        %6 = add %5 %4
                        %7 = parameter "second"
                        %8 = all-gather %7
                        %9 = multiply %6 %8
                        %10 = parameter "third"
                        %11 = all-gather %10
                        %12 = multiply %9 %11\
                        """);
        assertThat(after())
                .isEqualTo(
                        """
                        %1 = parameter "gain"
                        %2 = all-gather %1
                        %3 = parameter "bias"
                        %4 = all-gather %3
                        %0 = input "x"
                        %7 = parameter "second"
                        %8 = all-gather %7
                        %5 = multiply %0 %2
                        %6 = add %5 %4
                        %10 = parameter "third"
                        %11 = all-gather %10
                        %9 = multiply %6 %8
                        %12 = multiply %9 %11\
                        """);
    }

    @Test
    void weights_of_a_layer_are_gathered_as_one_bucket_each_layer_by_itself() {
        Value x = builder.add(new Op.Input("x", WHOLE));
        Value gain = gather(weight("gain"));
        Value bias = gather(weight("bias"));
        Value scaled = multiply(x, gain);
        Value shifted = builder.add(new Elementwise.Add(), scaled, bias);
        multiply(shifted, gather(weight("second")));
        assertThat(after(1000))
                .isEqualTo(
                        """
                        %1 = parameter "gain"
                        %3 = parameter "bias"
                        %2, %4 = all-gather %1 %3
                        %0 = input "x"
                        %7 = parameter "second"
                        %8 = all-gather %7
                        %5 = multiply %0 %2
                        %6 = add %5 %4
                        %9 = multiply %6 %8\
                        """);
    }

    @Test
    void a_weight_is_cast_before_it_is_gathered_ahead() {
        Value x = builder.add(new Op.Input("x", WHOLE));
        Value first = multiply(x, gather(weight("first")));
        Value cast = builder.add(new Op.Cast(Dtype.F32), weight("second"));
        multiply(first, gather(cast));
        assertThat(after())
                .isEqualTo(
                        """
                        %1 = parameter "first"
                        %2 = all-gather %1
                        %0 = input "x"
                        %4 = parameter "second"
                        %5 = cast f32 %4
                        %6 = all-gather %5
                        %3 = multiply %0 %2
                        %7 = multiply %3 %6\
                        """);
    }

    @Test
    void a_gathered_new_weight_is_stored_once_the_next_gather_has_started() {
        Value first = builder.add(new Op.Parameter("first", WHOLE, new Initializer.Fill(0)));
        Value second = builder.add(new Op.Parameter("second", WHOLE, new Initializer.Fill(0)));
        Value block = builder.add(new Op.Input("x", BLOCK));
        Value newFirst = gather(multiply(block, block));
        Value newSecond = gather(multiply(block, block));
        builder.add(new Update.Store(), first, newFirst);
        builder.add(new Update.Store(), second, newSecond);
        assertThat(after())
                .isEqualTo(
                        """
                        %0 = parameter "first"
                        %1 = parameter "second"
                        %2 = input "x"
                        %3 = multiply %2 %2
                        %4 = all-gather %3
                        %5 = multiply %2 %2
                        %6 = all-gather %5
                        %7 = store %0 %4
                        %8 = store %1 %6\
                        """);
    }

    @Test
    void gradients_leave_as_soon_as_they_are_there_and_what_waits_for_them_alone_follows() {
        Value x = builder.add(new Op.Input("x", WHOLE));
        Value first = multiply(x, x);
        Value second = multiply(first, x);
        Value third = multiply(second, x);
        Value scattered = scatter(first);
        builder.add(new Reshard.AllReduce(DATA), scattered);
        scatter(third);
        assertThat(before())
                .isEqualTo(
                        """
                        %0 = input "x"
                        %1 = multiply %0 %0
                        %2 = multiply %1 %0
                        %3 = multiply %2 %0
                        %4 = reduce-scatter %1
                        %5 = all-reduce data %4
                        %6 = reduce-scatter %3\
                        """);
        assertThat(after())
                .isEqualTo(
                        """
                        %0 = input "x"
                        %1 = multiply %0 %0
                        %4 = reduce-scatter %1
                        %5 = all-reduce data %4
                        %2 = multiply %1 %0
                        %3 = multiply %2 %0
                        %6 = reduce-scatter %3\
                        """);
    }

    @Test
    void a_bucket_starts_after_its_last_summand() {
        Value x = builder.add(new Op.Input("x", WHOLE));
        Value first = multiply(x, x);
        Value second = multiply(first, x);
        multiply(second, x);
        builder.addAll(new Reshard.AllReduce(DATA), List.of(first, second));
        assertThat(after())
                .isEqualTo(
                        """
                        %0 = input "x"
                        %1 = multiply %0 %0
                        %2 = multiply %1 %0
                        %4, %5 = all-reduce data %1 %2
                        %3 = multiply %2 %0\
                        """);
    }

    @Test
    void what_another_stage_sent_is_gathered_where_it_is_read() {
        Value x = builder.add(new Op.Input("x", BLOCK));
        Value sent = builder.add(new Reshard.Send(DATA, 0, 1), multiply(x, x));
        Value meanwhile = multiply(x, x);
        multiply(gather(sent), gather(meanwhile));
        assertThat(after())
                .isEqualTo(
                        """
                        %0 = input "x"
                        %1 = multiply %0 %0
                        %2 = send data from 0 to 1 %1
                        %3 = multiply %0 %0
                        %5 = all-gather %3
                        %4 = all-gather %2
                        %6 = multiply %4 %5\
                        """);
    }
}
