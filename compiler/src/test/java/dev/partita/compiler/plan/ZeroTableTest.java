package dev.partita.compiler.plan;

import static com.google.common.truth.Truth.assertThat;
import static dev.partita.compiler.CompileOptions.on;
import static dev.partita.dsl.layer.Layers.adam;
import static dev.partita.dsl.layer.Layers.attention;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.embedding;
import static dev.partita.dsl.layer.Layers.layerNorm;
import static dev.partita.dsl.layer.Layers.linear;
import static dev.partita.dsl.layer.Layers.model;
import static dev.partita.dsl.layer.Layers.residual;
import static dev.partita.dsl.layer.Layers.tiedTo;
import static dev.partita.dsl.layer.Layers.tokens;

import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.Compiler;
import dev.partita.compiler.Precision;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.tensor.Dim;
import dev.partita.dsl.tensor.Dtype;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The memory of model states that Rajbhandari et al. 2020 publish in figure 1 and table 1, as the
/// memory plans of compiled training steps have it: half copies of weights and half gradients of 2
/// bytes a parameter each, and 12 of optimizer state: `f32` weights and Adam's two moments.
class ZeroTableTest {
    /// A language model of 7.5 billion parameters, each dim of which 1,024 devices divide, all read
    /// by contractions forward and backward.
    private static Model large() {
        return model("large", tokens("sequence", 4, 62 * 1024))
                .then(embedding("model", 8192))
                .then(residual(attention("attention", 64).withoutBias()))
                .then(
                        residual(
                                linear("up", 400 * 1024).withoutBias(),
                                linear("down", new Dim("model", 8192)).withoutBias()))
                .then(tiedTo("model"))
                .loss(crossEntropy());
    }

    private static long parameters(Model model) {
        return model.trace(1, Dtype.F32, true)
                .nodesOf(Op.Parameter.class)
                .mapToLong(node -> node.result().type().shape().elements())
                .sum();
    }

    private static CompileOptions options(int devices, int stage) {
        CompileOptions options =
                on(Mesh.of("data", devices))
                        .optimizer(adam(1e-3))
                        .precision(Precision.BF16.roundingGradients())
                        .batch(1024)
                        .shard("batch")
                        .over("data");
        return stage == 0 ? options : options.zero(stage).over("data");
    }

    private static MemoryBytes memory(Model model, CompileOptions options) {
        return Compiler.compile(model, options).plan().memoryBytes();
    }

    /// Gigabytes are those of table 1, 7.5 billion parameters.
    @ParameterizedTest(name = "{0} devices hold {1}, {2} and {3} GB each in stages 1, 2 and 3")
    @CsvSource({
        "1, 120, 120, 120",
        "4, 52.5, 41.3, 30",
        "16, 35.6, 21.6, 7.5",
        "64, 31.4, 16.6, 1.88",
        "256, 30.4, 15.4, 0.47",
        "1024, 30.1, 15.1, 0.12"
    })
    void the_published_table_is_what_plans_hold(
            int devices, double first, double second, double third) {
        double[] published = {120, first, second, third};
        long parameters = parameters(large());
        for (int stage = 0; stage <= 3; stage++) {
            MemoryBytes memory = memory(large(), options(devices, stage));
            assertThat(memory.optimizer()).isEqualTo(12 * parameters / (stage >= 1 ? devices : 1));
            assertThat(memory.gradients()).isEqualTo(2 * parameters / (stage >= 2 ? devices : 1));
            assertThat(memory.weights()).isEqualTo(2 * parameters / (stage >= 3 ? devices : 1));
            double bytes = memory.optimizer() + memory.gradients() + memory.weights();
            assertThat(bytes / 1e9).isWithin(0.006 * published[stage] + 0.05).of(published[stage]);
        }
    }

    /// Gains of norms are read in f32: 4 bytes of weights, 4 of gradients and 8 of moments.
    @Test
    void what_is_read_in_full_has_no_copy_and_takes_sixteen_bytes_as_well() {
        Model net =
                model("net", tokens("sequence", 4, 64))
                        .then(embedding("model", 64))
                        .then(layerNorm("norm"))
                        .then(tiedTo("model"))
                        .loss(crossEntropy());
        MemoryBytes memory = memory(net, options(1, 0));
        long table = 64 * 64;
        long gains = 2 * 64;
        assertThat(memory.weights()).isEqualTo(2 * table + 4 * gains);
        assertThat(memory.gradients()).isEqualTo(2 * table + 4 * gains);
        assertThat(memory.optimizer()).isEqualTo(12 * table + 8 * gains);
    }

    /// Without rounded gradients these take 4 bytes; the rest is the same.
    @Test
    void full_gradients_take_twice_as_much() {
        Model net = large();
        MemoryBytes memory = memory(net, options(64, 2).precision(Precision.BF16));
        assertThat(memory.gradients()).isEqualTo(4 * parameters(net) / 64);
    }
}
