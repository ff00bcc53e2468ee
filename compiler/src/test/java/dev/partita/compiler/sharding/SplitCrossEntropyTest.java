package dev.partita.compiler.sharding;

import static com.google.common.truth.Truth.assertThat;
import static dev.partita.compiler.CompileOptions.on;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.embedding;
import static dev.partita.dsl.layer.Layers.model;
import static dev.partita.dsl.layer.Layers.tiedTo;
import static dev.partita.dsl.layer.Layers.tokens;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.Compiler;
import dev.partita.compiler.plan.PlanDescription;
import dev.partita.compiler.plan.PlanDescription.CollectiveDescription;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.mesh.Mesh;
import java.util.List;
import org.junit.jupiter.api.Test;

class SplitCrossEntropyTest {
    private static final Model TEXT =
            model("text", tokens("sequence", 4, 64))
                    .then(embedding("model", 8))
                    .then(tiedTo("model"))
                    .loss(crossEntropy());
    private static final CompileOptions OPTIONS = on(Mesh.of("tensor", 4)).batch(2);

    @Test
    void sharded_classes_become_a_log_sum_exp_of_parts_and_a_picked_logit() {
        assertThat(forward(OPTIONS, "propagate"))
                .containsExactly(
                        "%5, %6 = cross-entropy %3 %4 : f32[batch=2, sequence=4], f32[batch=2,"
                                + " sequence=4]");
        assertThat(forward(OPTIONS.shard("vocab").over("tensor"), "split-cross-entropy"))
                .containsExactly(
                        "%26 = log-sum-exp %3 : f32[batch=2, sequence=4, vocab=4]",
                        "%6 = log-sum-exp %26 : f32[batch=2, sequence=4]",
                        "%27 = pick-logit %3 %4 : f32[batch=2, sequence=4]",
                        "%5 = subtract %6 %27 : f32[batch=2, sequence=4]")
                .inOrder();
    }

    @Test
    void neither_logits_nor_their_gradient_nor_the_table_are_gathered() {
        Compilation compilation = Compiler.compile(TEXT, OPTIONS.shard("vocab").over("tensor"));
        List<CollectiveDescription> gathers =
                PlanDescription.of(compilation.plan()).collectives().stream()
                        .filter(each -> each.kind().equals("all-gather"))
                        .toList();
        // each device sends one number a row, of the 16 logits that it has
        assertThat(gathers).hasSize(1);
        assertThat(gathers.getFirst().bytes()).isEqualTo(2 * 4 * Float.BYTES);
    }

    /// The nodes of the loss after a pass, up to the sum over all rows.
    private static List<String> forward(CompileOptions options, String pass) {
        return Compiler.compile(TEXT, options)
                .after(pass)
                .lines()
                .map(String::strip)
                .filter(line -> line.contains(" = "))
                .map(line -> line.replaceAll("  ;.*", ""))
                .dropWhile(line -> !line.contains("input \"labels\""))
                .skip(1)
                .takeWhile(line -> !line.contains("= sum "))
                .toList();
    }
}
