package dev.partita.compiler.sharding;

import static com.google.common.truth.Truth.assertThat;
import static dev.partita.compiler.CompileOptions.on;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.embedding;
import static dev.partita.dsl.layer.Layers.experts;
import static dev.partita.dsl.layer.Layers.layerNorm;
import static dev.partita.dsl.layer.Layers.linear;
import static dev.partita.dsl.layer.Layers.model;
import static dev.partita.dsl.layer.Layers.residual;
import static dev.partita.dsl.layer.Layers.tokens;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.Compiler;
import dev.partita.compiler.plan.Step;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Experts over the axis that shards the batch, another, or several: what travels follows from the
/// rules.
class ExpertPlacementTest {
    private static final Model NET =
            model("moe", tokens("text", 8, 12))
                    .then(embedding("model", 16))
                    .then(residual(layerNorm("norm"), experts("moe", 4, 6).capacity(1)))
                    .then(linear("classes", 12))
                    .loss(crossEntropy());

    private static CompileOptions options(Mesh mesh, String... batch) {
        return on(mesh).batch(8).shard("batch").over(batch);
    }

    /// The collectives of the experts' layer and its residual, without their weights' gradients.
    private static List<String> collectives(CompileOptions options) {
        return Compiler.compile(NET, options)
                .plan()
                .program(0)
                .collectives()
                .filter(start -> start.note().layer().matches("moe.*|residual.*"))
                .filter(start -> start.sources().size() == 1)
                .map(ExpertPlacementTest::name)
                .toList();
    }

    private static String name(Step.Start start) {
        return start.op() + " in " + start.note().layer();
    }

    @Test
    void over_the_axis_of_the_batch_slots_travel_there_and_back() {
        assertThat(collectives(options(Mesh.of("data", 4), "data").shard("expert").over("data")))
                .containsAtLeast(
                        "all-to-all data dim 0 to 1 in moe.up",
                        "all-to-all data dim 1 to 0 in moe.combine",
                        "all-to-all data dim 0 to 1 in moe.down",
                        "all-to-all data dim 1 to 0 in moe.dispatch")
                .inOrder();
    }

    @Test
    void over_one_of_the_axes_of_the_batch_they_travel_along_that_one() {
        CompileOptions options =
                options(Mesh.of("data", 2).by("expert", 2), "data", "expert")
                        .shard("expert")
                        .over("expert");
        assertThat(collectives(options))
                .containsAtLeast(
                        "all-to-all expert dim 0 to 1 in moe.up",
                        "all-to-all expert dim 1 to 0 in moe.combine",
                        "all-to-all expert dim 0 to 1 in moe.down",
                        "all-to-all expert dim 1 to 0 in moe.dispatch")
                .inOrder();
        Compilation compiled = Compiler.compile(NET, options);
        assertThat(compiled.explain("moe.up"))
                .contains(
                        "f32[expert=4, group=8, capacity=4, ffn=6] lies [{expert}, {data}, {}, {}]");
    }

    @Test
    void over_another_axis_each_device_fills_the_slots_of_its_own_experts() {
        CompileOptions options =
                options(Mesh.of("data", 2).by("tensor", 2), "data").shard("expert").over("tensor");
        List<String> collectives = collectives(options);
        assertThat(collectives).contains("all-reduce tensor in residual1");
        assertThat(collectives.stream().filter(c -> c.contains("all-to-all"))).isEmpty();
        // one weight per slot, not the slots themselves
        assertThat(collectives).contains("all-gather tensor dim 0 in moe");
    }

    @Test
    void over_two_axes_the_one_of_the_batch_is_exchanged_and_the_other_cuts() {
        CompileOptions options =
                options(Mesh.of("data", 2).by("tensor", 2), "data")
                        .shard("expert")
                        .over("tensor", "data");
        List<String> collectives = collectives(options);
        assertThat(collectives)
                .containsAtLeast(
                        "all-to-all data dim 0 to 1 in moe.up",
                        "all-to-all data dim 1 to 0 in moe.combine",
                        "all-reduce tensor in residual1")
                .inOrder();
    }

    @Test
    void where_the_batch_has_the_major_axis_no_more_is_gathered_than_must_be() {
        CompileOptions options =
                options(Mesh.of("data", 2).by("tensor", 2), "data")
                        .shard("expert")
                        .over("data", "tensor");
        assertThat(collectives(options))
                .containsAtLeast(
                        "all-to-all data dim 0 to 1 in moe.up",
                        "all-gather tensor dim 0 in moe.combine",
                        "all-to-all data dim 1 to 0 in moe.combine")
                .inOrder();
    }

    @Test
    void experts_split_inside_are_summed_when_they_are_back_and_not_in_their_slots() {
        CompileOptions options =
                options(Mesh.of("data", 2).by("tensor", 2), "data")
                        .shard("expert")
                        .over("data")
                        .shard("ffn")
                        .over("tensor");
        List<String> summed =
                Compiler.compile(NET, options)
                        .plan()
                        .program(0)
                        .collectives()
                        .filter(start -> start.op().toString().equals("all-reduce tensor"))
                        .map(start -> start.note().because())
                        .toList();
        assertThat(summed.getFirst()).matches("all-reduce tensor because .* meets add");
        assertThat(summed.stream().filter(why -> why.contains("combine"))).isEmpty();
        assertThat(summed.stream().filter(why -> why.contains("route-grad"))).hasSize(1);
    }

    @Test
    void the_answer_to_why_names_the_request_and_the_exchange() {
        Compilation compiled =
                Compiler.compile(
                        NET, options(Mesh.of("data", 2), "data").shard("expert").over("data"));
        assertThat(compiled.explain("expert"))
                .contains("expert because shard(\"expert\").over(\"data\")");
        assertThat(compiled.explain("expert"))
                .containsMatch(
                        "all-to-all data dim 0 to 1 because %\\d+ \\[\\{}, \\{data}, \\{}, \\{}]");
    }

    @Test
    void one_axis_for_experts_and_for_their_width_is_refused() {
        CompileOptions options =
                on(Mesh.of("tensor", 2))
                        .batch(8)
                        .shard("expert")
                        .over("tensor")
                        .shard("ffn")
                        .over("tensor");
        var thrown = assertThrows(ProblemException.class, () -> Compiler.compile(NET, options));
        assertThat(thrown.problem().code()).isEqualTo(ProblemCode.AXIS_USED_TWICE);
    }
}
