package dev.partita.compiler.plan;

import static com.google.common.truth.Truth.assertThat;
import static dev.partita.dsl.layer.Layers.attention;
import static dev.partita.dsl.layer.Layers.conv2d;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.embedding;
import static dev.partita.dsl.layer.Layers.flatten;
import static dev.partita.dsl.layer.Layers.image;
import static dev.partita.dsl.layer.Layers.linear;
import static dev.partita.dsl.layer.Layers.model;
import static dev.partita.dsl.layer.Layers.tokens;

import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.Compiler;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.mesh.Mesh;
import org.junit.jupiter.api.Test;

final class ArithmeticTest {
    private static final Mesh HALVES = Mesh.of("data", 2);

    private static long operations(Mesh mesh, Model model, long batch) {
        CompileOptions options = CompileOptions.on(mesh).batch(batch);
        ExecutionPlan plan =
                Compiler.compile(
                                model,
                                mesh.has("data") ? options.shard("batch").over("data") : options)
                        .plan();
        return Arithmetic.of(plan.program(0));
    }

    @Test
    void a_convolution_counts_its_window_and_a_linear_layer_its_weights() {
        Model net =
                model("net", image("pixels", 2, 6, 6))
                        .then(conv2d("c", 4, 3))
                        .then(flatten())
                        .then(linear("classes", 3))
                        .loss(crossEntropy());
        long batch = 8;
        // the first layer needs no gradient of its image
        long convolution = 2 * (2 * batch * 4 * 4 * 4 * (3 * 3 * 2));
        long linear = 3 * (2 * batch * 64 * 3);
        assertThat(operations(Mesh.ONE_DEVICE, net, batch)).isEqualTo(convolution + linear);
        assertThat(operations(HALVES, net, batch)).isEqualTo((convolution + linear) / 2);
    }

    @Test
    void causal_attention_counts_half_of_all_pairs() {
        Model net =
                model("net", tokens("sequence", 8, 16))
                        .then(embedding("model", 4))
                        .then(attention("mix", 2).causal())
                        .then(linear("classes", 16))
                        .loss(crossEntropy());
        long batch = 2;
        long projections = 3 * 2 * batch * 8 * 4 * (4 * 4);
        long pairs = (2 + 5) * 2 * batch * 8 * 8 * 4 / 2;
        long linear = 3 * 2 * batch * 8 * 4 * 16;
        assertThat(operations(Mesh.ONE_DEVICE, net, batch)).isEqualTo(projections + pairs + linear);
    }
}
