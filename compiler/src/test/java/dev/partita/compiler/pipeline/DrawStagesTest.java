package dev.partita.compiler.pipeline;

import static com.google.common.truth.Truth.assertThat;
import static dev.partita.compiler.CompileOptions.on;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.embedding;
import static dev.partita.dsl.layer.Layers.features;
import static dev.partita.dsl.layer.Layers.layerNorm;
import static dev.partita.dsl.layer.Layers.linear;
import static dev.partita.dsl.layer.Layers.model;
import static dev.partita.dsl.layer.Layers.relu;
import static dev.partita.dsl.layer.Layers.tiedTo;
import static dev.partita.dsl.layer.Layers.tokens;

import dev.partita.compiler.Compiler;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.mesh.Mesh;
import java.util.List;
import org.junit.jupiter.api.Test;

final class DrawStagesTest {
    private static final Model MLP =
            model("mlp", features("x", 8))
                    .then(linear("first", 8))
                    .then(relu())
                    .then(linear("second", 8))
                    .then(linear("third", 4))
                    .loss(crossEntropy());

    /// What is sent between stages that begin with these layers.
    private static List<String> sent(Model model, String schedule, Mesh mesh, String... begins) {
        return Compiler.compile(
                        model, on(mesh).batch(2).stages(begins).schedule(schedule).over("pipe"))
                .after("draw-stages")
                .lines()
                .map(String::strip)
                .filter(line -> line.contains("relocate"))
                .map(line -> line.replaceAll(" +", " ").replaceAll(" [A-Za-z]+\\.java:\\d+", ""))
                .toList();
    }

    @Test
    void one_activation_is_sent_over_each_border_by_the_layer_before_it() {
        assertThat(sent(MLP, "gpipe", Mesh.of("pipe", 3), "second", "third"))
                .containsExactly(
                        "%19 = relocate from pipe=0 to pipe=1 %5 : f32[batch=2, first=8] ; relu1",
                        "%20 = relocate from pipe=1 to pipe=2 %9 : f32[batch=2, second=8] ; second")
                .inOrder();
    }

    @Test
    void nothing_is_sent_where_both_stages_live_on_one_device() {
        assertThat(sent(MLP, "zb-v", Mesh.of("pipe", 1), "second")).isEmpty();
    }

    @Test
    void a_tied_weight_goes_from_the_first_stage_to_the_last_at_once_and_activations_through_all() {
        Model tied =
                model("text", tokens("sequence", 4, 12))
                        .then(embedding("model", 8))
                        .then(layerNorm("norm1"))
                        .then(layerNorm("norm2"))
                        .then(tiedTo("model"))
                        .loss(crossEntropy());
        assertThat(sent(tied, "gpipe", Mesh.of("pipe", 3), "norm1", "norm2"))
                .containsExactly(
                        "%19 = relocate from pipe=0 to pipe=1 %2 : f32[batch=2, sequence=4, model=8]"
                                + " ; model",
                        "%20 = relocate from pipe=1 to pipe=2 %5 : f32[batch=2, sequence=4, model=8]"
                                + " ; norm1",
                        "%21 = relocate from pipe=0 to pipe=2 %1 : f32[vocab=12, model=8] ; model")
                .inOrder();
    }
}
