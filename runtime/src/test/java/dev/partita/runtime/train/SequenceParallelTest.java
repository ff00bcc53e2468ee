package dev.partita.runtime.train;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.Truth.assertWithMessage;
import static dev.partita.compiler.CompileOptions.on;
import static dev.partita.dsl.layer.Layers.attention;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.dropout;
import static dev.partita.dsl.layer.Layers.embedding;
import static dev.partita.dsl.layer.Layers.feedForward;
import static dev.partita.dsl.layer.Layers.layerNorm;
import static dev.partita.dsl.layer.Layers.model;
import static dev.partita.dsl.layer.Layers.positions;
import static dev.partita.dsl.layer.Layers.residual;
import static dev.partita.dsl.layer.Layers.rmsNorm;
import static dev.partita.dsl.layer.Layers.tiedTo;
import static dev.partita.dsl.layer.Layers.tokens;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.Compiler;
import dev.partita.compiler.plan.PlanDescription;
import dev.partita.compiler.plan.PlanDescription.CollectiveDescription;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.kernels.KernelLibraries;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Norms, dropout and residual sums on parts of the sequence, between the parts of a block that
/// split heads and hidden units over the same devices (Korthikanti et al. 2022).
class SequenceParallelTest {
    private static final Model NET =
            model("text", tokens("sequence", 8, 16))
                    .then(embedding("model", 8))
                    .then(positions("positions"))
                    .then(residual(layerNorm("norm1"), attention("mix", 4).causal(), dropout(0.1)))
                    .then(residual(rmsNorm("norm2"), feedForward("mlp", 16), dropout(0.1)))
                    .then(layerNorm("norm3"))
                    .then(tiedTo("model"))
                    .loss(crossEntropy());
    private static final CompileOptions TENSOR =
            on(Mesh.of("tensor", 2))
                    .batch(2)
                    .dtype(Dtype.F64)
                    .shard("heads")
                    .over("tensor")
                    .shard("ffn")
                    .over("tensor")
                    .shard("vocab")
                    .over("tensor");
    private static final CompileOptions SEQUENCE =
            TENSOR.shard("sequence")
                    .at(
                            "positions",
                            "norm1",
                            "mix.output",
                            "dropout1",
                            "residual1",
                            "norm2",
                            "mlp.down",
                            "dropout2",
                            "residual2",
                            "norm3")
                    .over("tensor");

    private static List<CollectiveDescription> large(CompileOptions options, String kind) {
        Compilation compilation = Compiler.compile(NET, options);
        return PlanDescription.of(compilation.plan()).collectives().stream()
                .filter(each -> each.kind().equals(kind) && each.bytes() >= 256)
                .toList();
    }

    @Test
    void it_equals_one_device() {
        for (CompileOptions options : List.of(TENSOR, SEQUENCE)) {
            Compilation compilation = Compiler.compile(NET, options);
            Proof proof = Proof.of(compilation, KernelLibraries.reference(), 3, 2);
            assertWithMessage("%s\n%s", options.shards(), proof.describe())
                    .that(proof.equal())
                    .isTrue();
        }
    }

    @Test
    void all_reduces_become_reduce_scatters_and_all_gathers() {
        assertThat(large(TENSOR, "reduce-scatter")).isEmpty();
        assertThat(large(TENSOR, "all-reduce")).isNotEmpty();
        assertThat(large(SEQUENCE, "reduce-scatter")).isNotEmpty();
        assertThat(large(SEQUENCE, "all-gather")).isNotEmpty();
        // forward: after the embedding, the attention and the feed-forward layer
        assertThat(large(SEQUENCE, "all-reduce").stream().map(each -> each.bytes()).toList())
                .doesNotContain(large(TENSOR, "all-reduce").getFirst().bytes());
    }
}
