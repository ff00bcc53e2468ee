package dev.partita.compiler.sharding;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.Truth.assertWithMessage;
import static dev.partita.compiler.CompileOptions.on;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.features;
import static dev.partita.dsl.layer.Layers.linear;
import static dev.partita.dsl.layer.Layers.model;
import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.Compiler;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.problem.Origin;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemException;
import dev.partita.example.SmallNets;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ZeroShardingTest {
    private static final Mesh DATA = Mesh.of("data", 2);

    private static CompileOptions dataParallel(Mesh mesh) {
        return on(mesh).shard("batch").over("data").batch(8);
    }

    private static Compilation compile(CompileOptions options) {
        return Compiler.compile(SmallNets.mlp(), options);
    }

    /// Where optimizer state, gradient and weight of `hidden.weight` lie.
    private static List<String> placements(Compilation compilation) {
        ShardedGraph sharded = compilation.sharded();
        Value gradient = requireNonNull(sharded.training().gradients().get("hidden.weight"));
        return Stream.of(
                        leaf(sharded, "hidden.weight/first-moment"),
                        gradient,
                        leaf(sharded, "hidden.weight"))
                .map(value -> sharded.placement(value).toString())
                .toList();
    }

    private static Value leaf(ShardedGraph sharded, String name) {
        return sharded.training()
                .graph()
                .nodesOf(Op.Leaf.class)
                .filter(node -> node.op().toString().endsWith('"' + name + '"'))
                .map(Node::result)
                .findFirst()
                .orElseThrow();
    }

    @Test
    void each_stage_splits_one_thing_more() {
        assertThat(placements(compile(dataParallel(DATA))))
                .containsExactly("[{}, {}]", "[{}, {}]", "[{}, {}]")
                .inOrder();
        assertThat(placements(compile(dataParallel(DATA).zero(1).over("data"))))
                .containsExactly("[{data}, {}]", "[{}, {}]", "[{}, {}]")
                .inOrder();
        assertThat(placements(compile(dataParallel(DATA).zero(2).over("data"))))
                .containsExactly("[{data}, {}]", "[{data}, {}]", "[{}, {}]")
                .inOrder();
        assertThat(placements(compile(dataParallel(DATA).zero(3).over("data"))))
                .containsExactly("[{data}, {}]", "[{data}, {}]", "[{data}, {}]")
                .inOrder();
    }

    @Test
    void a_dim_sharded_already_is_cut_further() {
        Mesh mesh = DATA.by("tensor", 2);
        CompileOptions options = dataParallel(mesh).shard("hidden").over("tensor");
        assertThat(placements(compile(options.zero(3).over("data"))))
                .containsExactly(
                        "[{tensor, data}, {}]", "[{tensor, data}, {}]", "[{tensor, data}, {}]");
    }

    @Test
    void the_first_dim_that_divides_is_cut_and_what_divides_nowhere_stays_whole() {
        Compilation three = compile(dataParallel(Mesh.of("data", 3)).batch(9).zero(1).over("data"));
        assertThat(placements(three)).containsExactly("[{}, {data}]", "[{}, {}]", "[{}, {}]");
        Compilation five = compile(dataParallel(Mesh.of("data", 5)).batch(10).zero(1).over("data"));
        assertThat(placements(five)).containsExactly("[{}, {}]", "[{}, {}]", "[{}, {}]");
    }

    @Test
    void hybrid_sharding_splits_inside_one_axis_and_replicates_over_the_other() {
        CompileOptions options =
                on(DATA.by("replica", 2)).shard("batch").over("replica", "data").batch(8);
        Compilation hybrid = compile(options.zero(3).over("data"));
        assertThat(placements(hybrid))
                .containsExactly("[{data}, {}]", "[{data}, {}]", "[{data}, {}]");
        assertThat(kinds(hybrid))
                .containsExactly(
                        "all-gather data dim 0",
                        "reduce-scatter data dim 0",
                        "all-reduce replica",
                        "all-reduce data",
                        "all-reduce data x replica");
        assertThat(placements(compile(options.zero(3).over("data", "replica"))))
                .containsExactly(
                        "[{data, replica}, {}]", "[{data, replica}, {}]", "[{data, replica}, {}]");
    }

    @Test
    void collectives_of_a_stage_are_those_of_the_paper() {
        assertThat(kinds(compile(dataParallel(DATA).zero(1).over("data"))))
                .containsExactly("all-reduce data", "all-gather data dim 0");
        List<String> expected =
                List.of("reduce-scatter data dim 0", "all-reduce data", "all-gather data dim 0");
        assertThat(kinds(compile(dataParallel(DATA).zero(2).over("data"))))
                .containsExactlyElementsIn(expected);
        assertThat(kinds(compile(dataParallel(DATA).zero(3).over("data"))))
                .containsExactlyElementsIn(expected);
    }

    private static List<String> kinds(Compilation compilation) {
        return compilation
                .plan()
                .program(0)
                .collectives()
                .map(s -> s.op().toString())
                .distinct()
                .toList();
    }

    @ParameterizedTest(name = "over {0} devices")
    @ValueSource(ints = {1, 2, 4, 64})
    void memory_of_a_device_is_that_of_the_papers_first_figure(int devices) {
        Model net =
                model("wide", features("x", 64))
                        .then(linear("a", 128))
                        .then(linear("b", 64))
                        .loss(crossEntropy());
        long parameters = 64 * 128 + 128 + 128 * 64 + 64;
        CompileOptions options = on(Mesh.of("data", devices)).shard("batch").over("data").batch(64);
        for (int stage = 0; stage <= 3; stage++) {
            CompileOptions staged = stage == 0 ? options : options.zero(stage).over("data");
            ShardedGraph sharded = Compiler.compile(net, staged).sharded();
            // plain f32: 4 bytes of weight, 4 of gradient, 8 of Adam's moments
            assertWithMessage("weights at stage %s", stage)
                    .that(bytes(sharded, leaves(sharded, Op.Parameter.class)))
                    .isEqualTo(4 * parameters / (stage >= 3 ? devices : 1));
            assertWithMessage("gradients at stage %s", stage)
                    .that(bytes(sharded, sharded.training().gradients().values().stream()))
                    .isEqualTo(4 * parameters / (stage >= 2 ? devices : 1));
            assertWithMessage("optimizer state at stage %s", stage)
                    .that(bytes(sharded, leaves(sharded, Op.State.class)))
                    .isEqualTo(8 * parameters / (stage >= 1 ? devices : 1));
        }
    }

    private static Stream<Value> leaves(ShardedGraph sharded, Class<? extends Op> type) {
        return sharded.training().graph().nodesOf(type).map(Node::result);
    }

    private static long bytes(ShardedGraph sharded, Stream<Value> values) {
        return values.mapToLong(v -> sharded.placement(v).local(v.type(), sharded.mesh()).bytes())
                .sum();
    }

    @Test
    void the_cause_names_the_request_and_the_users_line() {
        Compilation plan = compile(dataParallel(DATA).zero(2).over("data"));
        assertThat(plan.explain("hidden.weight"))
                .containsMatch(
                        "state \"hidden.weight/first-moment\" : .* lies \\[\\{data}, \\{}]\n"
                                + " +hidden because zero\\(2\\).over\\(\"data\"\\),"
                                + " ZeroShardingTest.java:\\d+");
        assertThat(plan.explain("data")).contains("because zero(2).over(\"data\")");
    }

    @Test
    void an_axis_without_data_parallelism_is_a_problem_with_what_others_would_save() {
        CompileOptions options =
                dataParallel(DATA.by("tensor", 2))
                        .shard("hidden")
                        .over("tensor")
                        .zero(2)
                        .over("tensor");
        assertThat(problem(options).at(Origin.UNKNOWN).print())
                .isEqualTo(
                        """
                        [ZeroWithoutDataParallelism] ZeRO splits what data parallelism keeps alike, and no data is sharded over tensor.
                          asked by:  zero(2).over("tensor")
                          over data: saves 288 bytes a device
                          try:       .over("data")\
                        """);
        assertThat(problem(options).origin().file()).isEqualTo("ZeroShardingTest.java");
    }

    private static Problem problem(CompileOptions options) {
        return assertThrows(ProblemException.class, () -> compile(options)).problem();
    }

    @ParameterizedTest
    @CsvSource({"0", "4", "-1"})
    void another_stage_is_a_problem(int stage) {
        var exception = assertThrows(ProblemException.class, () -> dataParallel(DATA).zero(stage));
        assertThat(exception.problem().print()).contains("stage: " + stage);
    }

    @Test
    void one_device_has_nothing_to_split() {
        Compilation plan = compile(dataParallel(DATA).zero(3).over("data"));
        assertThat(plan.options().onOneDevice().zero()).isEmpty();
        assertThat(plan.oneDevice().plan().program(0).collectives().toList()).isEmpty();
        assertThat(kinds(compile(dataParallel(Mesh.of("data", 1)).zero(3).over("data")))).isEmpty();
    }
}
