package dev.partita.compiler.recompute;

import static com.google.common.truth.Truth.assertThat;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.features;
import static dev.partita.dsl.layer.Layers.gelu;
import static dev.partita.dsl.layer.Layers.layerNorm;
import static dev.partita.dsl.layer.Layers.linear;
import static dev.partita.dsl.layer.Layers.model;
import static dev.partita.dsl.layer.Layers.relu;
import static dev.partita.dsl.layer.Layers.residual;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.Compiler;
import dev.partita.compiler.Precision;
import dev.partita.compiler.Recompute;
import dev.partita.compiler.precision.MixedPrecision;
import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.example.SmallNets;
import java.util.List;
import org.junit.jupiter.api.Test;

class BlocksTest {
    private static List<String> borders(Model model, int together) {
        return Blocks.borders(model.trace(4, Dtype.F32, true), together).stream()
                .map(Node::layer)
                .toList();
    }

    @Test
    void nine_layers_in_a_row_make_three_blocks() {
        assertThat(borders(SmallNets.convnet(), 1)).containsExactly("max-pool1", "flatten1");
    }

    @Test
    void each_residual_layer_is_a_block_and_so_is_what_lies_between() {
        Model net =
                model("net", features("x", 4))
                        .then(linear("in", 8))
                        .then(residual(layerNorm("n1"), linear("h1", 8), gelu()))
                        .then(residual(layerNorm("n2"), linear("h2", 8), gelu()))
                        .then(relu())
                        .then(residual(layerNorm("n3"), linear("h3", 8), gelu()))
                        .then(linear("classes", 4))
                        .loss(crossEntropy());
        assertThat(borders(net, 1))
                .containsExactly("in", "residual1", "residual2", "relu1", "residual3")
                .inOrder();
        assertThat(borders(net, 2)).containsExactly("residual1", "relu1").inOrder();
    }

    /// A residual layer's result is read in bf16 by the next one, and in f32 by a norm.
    @Test
    void mixed_precision_has_the_same_blocks() {
        Model net =
                model("net", features("x", 4))
                        .then(linear("in", 8))
                        .then(residual(layerNorm("n1"), linear("h1", 8), gelu()))
                        .then(residual(layerNorm("n2"), linear("h2", 8), gelu()))
                        .then(linear("classes", 4))
                        .loss(crossEntropy());
        Graph cast = MixedPrecision.run(net.trace(4, Dtype.F32, true), Precision.BF16);
        assertThat(Blocks.borders(cast, 1).stream().map(Node::layer).toList())
                .isEqualTo(borders(net, 1));
    }

    @Test
    void a_step_in_bf16_that_computes_blocks_again_casts_weights_once_and_needs_less_memory() {
        Model net = model("net", features("x", 16)).then(linear("in", 16));
        for (int i = 0; i < 8; i++) {
            net = net.then(residual(layerNorm("n" + i), linear("h" + i, 16), gelu()));
        }
        net = net.then(linear("classes", 4)).loss(crossEntropy());
        CompileOptions options =
                CompileOptions.on(Mesh.ONE_DEVICE)
                        .batch(512)
                        .microBatches(2)
                        .precision(Precision.BF16);
        Compilation kept = Compiler.compile(net, options);
        Compilation again = Compiler.compile(net, options.recompute(Recompute.full()));
        assertThat(again.plan().peakBytes()).isLessThan(kept.plan().peakBytes() * 2 / 3);
        assertThat(
                        again.after("micro-batches")
                                .lines()
                                .filter(line -> line.matches(".* cast bf16 .* : bf16\\[h3=16, .*"))
                                .toList())
                .hasSize(1);
    }

    @Test
    void one_layer_has_no_border() {
        Model net = model("net", features("x", 4)).then(linear("classes", 4)).loss(crossEntropy());
        assertThat(borders(net, 1)).isEmpty();
    }
}
