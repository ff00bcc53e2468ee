package dev.partita.compiler.sharding;

import static com.google.common.truth.Truth.assertThat;
import static dev.partita.compiler.CompileOptions.allToAll;
import static dev.partita.compiler.CompileOptions.on;
import static dev.partita.dsl.layer.Layers.attention;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.embedding;
import static dev.partita.dsl.layer.Layers.model;
import static dev.partita.dsl.layer.Layers.tiedTo;
import static dev.partita.dsl.layer.Layers.tokens;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.Compiler;
import dev.partita.compiler.plan.PlanDescription;
import dev.partita.dsl.layer.Attention;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemException;
import java.util.List;
import org.junit.jupiter.api.Test;

class SpreadAttentionTest {
    private static Model text(Attention mix) {
        return model("text", tokens("sequence", 16, 16))
                .then(embedding("model", 16))
                .then(mix.causal())
                .then(tiedTo("model"))
                .loss(crossEntropy());
    }

    private static Compilation compile(Attention mix, CompileOptions options) {
        return Compiler.compile(
                text(mix),
                options.batch(2).shard("sequence").over("context").attention(allToAll()));
    }

    /// What each device brings to the collectives around the attention, by kind and the op it is
    /// for.
    private static List<String> moves(Compilation compilation) {
        return PlanDescription.of(compilation.plan()).collectives().stream()
                .filter(each -> !each.kind().equals("all-reduce"))
                .map(each ->
                        each.bytes()
                                + " "
                                + each.because().replaceAll(" because .* meets ", " for "))
                .toList();
    }

    @Test
    void queries_keys_and_values_change_positions_for_heads_and_results_change_back() {
        Compilation compilation = compile(attention("mix", 4), on(Mesh.of("context", 2)));
        assertThat(moves(compilation))
                .containsExactly(
                        "1024 all-to-all context dim 2 to 1 for causal-attention",
                        "1024 all-to-all context dim 2 to 1 for causal-attention",
                        "1024 all-to-all context dim 2 to 1 for causal-attention",
                        "1024 all-to-all context dim 1 to 2 for einsum abijk,oijk->abo",
                        "1024 all-to-all context dim 2 to 1 for causal-attention-grad",
                        "1024 all-to-all context dim 1 to 2 for sum [0, 1]",
                        "1024 all-to-all context dim 1 to 2 for einsum abop,opi->abi",
                        "1024 all-to-all context dim 1 to 2 for sum [0, 1]");
    }

    @Test
    void heads_that_are_sharded_already_are_sharded_further() {
        CompileOptions options = on(Mesh.of("context", 2).by("tensor", 2));
        Compilation compilation =
                compile(attention("mix", 4), options.shard("heads").over("tensor"));
        assertThat(compilation.after("spread-attention"))
                .contains("[{}, {}, {tensor, context}, {}, {}]");
    }

    @Test
    void where_heads_of_keys_are_few_their_queries_are_split_and_keys_are_gathered() {
        Compilation compilation = compile(attention("mix", 4).groups(1), on(Mesh.of("context", 2)));
        assertThat(moves(compilation))
                .containsExactly(
                        "1024 all-to-all context dim 3 to 1 for causal-attention",
                        "512 all-gather context dim 1 for causal-attention (and 1 more)",
                        "1024 all-to-all context dim 1 to 3 for einsum abijk,oijk->abo",
                        "1024 all-to-all context dim 3 to 1 for causal-attention-grad",
                        "1024 all-to-all context dim 1 to 3 for sum [0, 1]",
                        "1024 reduce-scatter context dim 1 for sum [0, 1] (and 1 more)");
    }

    @Test
    void too_few_heads_are_a_problem_with_the_other_ways_and_what_each_costs() {
        Problem problem =
                assertThrows(
                                ProblemException.class,
                                () -> compile(attention("mix", 2), on(Mesh.of("context", 4))))
                        .problem();
        assertThat(problem.toString().replaceAll("SpreadAttentionTest.java:\\d+", "HERE"))
                .isEqualTo(
                        """
                        [IndivisibleDim] The heads of an attention do not divide over the devices that share its positions.
                          layer:               mix
                          heads of keys:       heads=2
                          queries of each:     queries=1
                          devices:             4 (mesh[context=4])
                          attention(ring()):   receives 10,240 bytes a device and step, holds 2,048 at once
                          attention(gather()): receives 6,144 bytes a device and step, holds 4,096 at once
                          at:                  HERE
                          try:                 attention(ring()), attention(gather()), or heads of keys that are a multiple of 4\
                        """);
    }

    @Test
    void a_value_inside_the_borders_says_why_it_lies_so() {
        String why = compile(attention("mix", 4), on(Mesh.of("context", 2))).explain("mix");
        assertThat(why)
                .contains(
                        "heads because it is sharded instead of positions, attention(allToAll()), ");
    }

    @Test
    void attention_with_whole_positions_stays_as_it_is() {
        Compilation compilation =
                Compiler.compile(
                        text(attention("mix", 4)),
                        on(Mesh.of("tensor", 2))
                                .batch(2)
                                .shard("heads")
                                .over("tensor")
                                .attention(allToAll()));
        assertThat(compilation.after("spread-attention"))
                .isEqualTo(compilation.after("split-cross-entropy"));
    }
}
