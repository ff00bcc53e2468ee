package dev.partita.compiler;

import static com.google.common.truth.Truth.assertThat;
import static dev.partita.compiler.CompileOptions.on;
import static dev.partita.dsl.layer.Layers.adamW;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.compiler.plan.Step;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Update;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import dev.partita.example.SmallNets;
import java.util.List;
import org.junit.jupiter.api.Test;

class CompilerTest {
    private static final Mesh MESH = Mesh.of("data", 2).by("tensor", 2);

    private static CompileOptions both() {
        return on(MESH).shard("batch").over("data").shard("hidden").over("tensor").batch(8);
    }

    @Test
    void one_device_communicates_nothing() {
        Compilation plan = Compiler.compile(SmallNets.convnet(), both()).oneDevice();
        assertThat(plan.plan().program(0).collectives().toList()).isEmpty();
    }

    @Test
    void the_same_source_gives_the_same_plan() {
        assertThat(Compiler.compile(SmallNets.convnet(), both()).plan())
                .isEqualTo(Compiler.compile(SmallNets.convnet(), both()).plan());
    }

    @Test
    void every_collective_says_why_and_where_it_comes_from() {
        Compilation plan = Compiler.compile(SmallNets.convnet(), both());
        List<Step.Start> collectives = plan.plan().program(0).collectives().toList();
        assertThat(collectives).isNotEmpty();
        for (Step.Start start : collectives) {
            assertThat(start.note().because()).contains("because %");
            assertThat(start.note().origin().toString()).matches("SmallNets.java:\\d+");
        }
    }

    @Test
    void gradients_of_late_layers_travel_while_early_layers_go_backward() {
        Compilation plan = Compiler.compile(SmallNets.convnet(), both().bucketBytes(1 << 11));
        List<Step> steps = plan.plan().program(0).steps();
        Step.Start bucket =
                plan.plan()
                        .program(0)
                        .collectives()
                        .filter(s -> s.note().because().contains("all-reduce data"))
                        .findFirst()
                        .orElseThrow();
        long computedAfter =
                steps.stream()
                        .skip(bucket.id())
                        .filter(s ->
                                s instanceof Step.Compute c && c.op().toString().contains("grad"))
                        .count();
        assertThat(computedAfter).isAtLeast(3);
    }

    @Test
    void why_names_the_request_and_the_collectives_it_leads_to() {
        String why = Compiler.compile(SmallNets.mlp(), both()).explain("hidden");
        assertThat(why)
                .contains("hidden because shard(\"hidden\").over(\"tensor\"), CompilerTest.java:");
        assertThat(why).contains("all-reduce tensor because");
    }

    @Test
    void why_of_an_unknown_name_offers_the_near_miss() {
        Compilation plan = Compiler.compile(SmallNets.mlp(), both());
        var exception = assertThrows(ProblemException.class, () -> plan.explain("hiden"));
        assertThat(exception.problem().fix()).contains("hidden");
    }

    @Test
    void an_unknown_dim_is_a_problem_at_the_users_line() {
        CompileOptions options = on(MESH).shard("hiddne").over("tensor").batch(8);
        var problem = problem(options);
        assertThat(problem.code()).isEqualTo(ProblemCode.UNKNOWN_DIM);
        assertThat(problem.fix()).contains("\"hidden\"");
        assertThat(problem.origin().file()).isEqualTo("CompilerTest.java");
    }

    @Test
    void an_unknown_axis_is_a_problem_with_the_near_miss() {
        var exception =
                assertThrows(ProblemException.class, () -> on(MESH).shard("hidden").over("tensr"));
        assertThat(exception.problem().code()).isEqualTo(ProblemCode.UNKNOWN_AXIS);
        assertThat(exception.problem().fix()).contains("\"tensor\"");
    }

    @Test
    void an_unknown_layer_is_a_problem_with_the_near_miss() {
        var problem = problem(on(MESH).shard("batch").at("hiden").over("data").batch(8));
        assertThat(problem.code()).isEqualTo(ProblemCode.UNKNOWN_LAYER);
        assertThat(problem.fix()).contains("\"hidden\"");
    }

    @Test
    void an_indivisible_dim_names_sizes_that_would_divide() {
        var problem = problem(on(Mesh.of("tensor", 3)).shard("hidden").over("tensor").batch(8));
        assertThat(problem.code()).isEqualTo(ProblemCode.INDIVISIBLE_DIM);
        assertThat(problem.print()).contains("make hidden 6 or 9, or shard another dim");
        assertThat(problem.origin().file()).isEqualTo("CompilerTest.java");
    }

    @Test
    void one_axis_for_two_dims_of_a_value_is_a_problem() {
        var problem =
                problem(
                        on(MESH).shard("hidden")
                                .over("tensor")
                                .shard("classes")
                                .over("tensor")
                                .batch(8));
        assertThat(problem.code()).isEqualTo(ProblemCode.AXIS_USED_TWICE);
        assertThat(problem.print()).contains("classes");
    }

    @Test
    void two_requests_for_one_dim_are_ambiguous() {
        var problem =
                problem(
                        on(MESH).shard("hidden")
                                .over("tensor")
                                .shard("hidden")
                                .over("data")
                                .batch(8));
        assertThat(problem.code()).isEqualTo(ProblemCode.AMBIGUOUS_PLACEMENT);
    }

    @Test
    void weight_decay_spares_names_that_exist() {
        var optimizer = adamW(1e-3).weightDecay(0.1).sparing("bias", "classes.weight");
        List<String> decays =
                Compiler.compile(SmallNets.mlp(), both().optimizer(optimizer))
                        .plan()
                        .program(0)
                        .steps()
                        .stream()
                        .filter(s -> s instanceof Step.Compute c && c.op() instanceof Update)
                        .map(s -> decay(((Step.Compute) s).op()))
                        .toList();
        assertThat(decays).containsExactly("0.1", "0.0 x3");
        var problem = problem(both().optimizer(adamW(1e-3).sparing("biass")));
        assertThat(problem.code()).isEqualTo(ProblemCode.INVALID_ARGUMENT);
        assertThat(problem.fix()).startsWith("name \"bias\"");
    }

    private static String decay(Op update) {
        return switch (update) {
            case Update.Together(Update.Descent step, int count) -> decay(step) + " x" + count;
            case Update.AdamStep step -> String.valueOf(step.weightDecay());
            case Op other -> throw new AssertionError(other);
        };
    }

    @Test
    void several_mistakes_are_reported_at_once() {
        var exception =
                assertThrows(
                        ProblemException.class,
                        () ->
                                Compiler.compile(
                                        SmallNets.mlp(),
                                        on(Mesh.of("tensor", 3))
                                                .shard("hidden")
                                                .over("tensor")
                                                .shard("nothing")
                                                .over("tensor")
                                                .batch(8)));
        assertThat(exception.problems()).hasSize(2);
    }

    @Test
    void a_dim_sharded_in_one_layer_only_is_scattered_there_and_gathered_after() {
        CompileOptions options =
                on(Mesh.of("tensor", 2))
                        .shard("hidden")
                        .over("tensor")
                        .shard("batch")
                        .at("classes")
                        .over("tensor");
        Compilation plan = Compiler.compile(SmallNets.mlp(), options.batch(8));
        List<String> kinds =
                plan.plan().program(0).collectives().map(s -> s.op().toString()).toList();
        assertThat(kinds).contains("reduce-scatter tensor dim 0");
    }

    @Test
    void a_plan_fits_one_line_and_the_passes_leave_snapshots() {
        Compilation plan = Compiler.compile(SmallNets.mlp(), both());
        assertThat(plan.toString().length()).isAtMost(80);
        assertThat(plan.after("partition")).contains("all-reduce tensor because %");
        assertThat(plan.after("trace")).startsWith("graph mlp\n");
    }

    private static Problem problem(CompileOptions options) {
        return assertThrows(
                        ProblemException.class, () -> Compiler.compile(SmallNets.mlp(), options))
                .problem();
    }
}
