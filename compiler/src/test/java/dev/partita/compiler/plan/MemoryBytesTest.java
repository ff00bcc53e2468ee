package dev.partita.compiler.plan;

import static com.google.common.truth.Truth.assertThat;
import static dev.partita.compiler.CompileOptions.on;
import static dev.partita.dsl.layer.Layers.adam;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.features;
import static dev.partita.dsl.layer.Layers.linear;
import static dev.partita.dsl.layer.Layers.model;
import static dev.partita.dsl.layer.Layers.sgd;

import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.Compiler;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.mesh.Mesh;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MemoryBytesTest {
    private static final long PARAMETERS = 256 * 64 + 256 + 128 * 256 + 128;

    private static Model wide() {
        return model("wide", features("x", 64))
                .then(linear("a", 256))
                .then(linear("b", 128))
                .loss(crossEntropy());
    }

    private static MemoryBytes memory(CompileOptions options) {
        return Compiler.compile(wide(), options.batch(128)).plan().memoryBytes();
    }

    /// Figure 1 of Rajbhandari et al. 2020, with 4 + 4 + 8 bytes per parameter in place of 2 + 2 +
    /// 12.
    @ParameterizedTest(name = "over {0} devices")
    @ValueSource(ints = {1, 2, 8, 64, 128})
    void each_stage_of_zero_divides_one_part_more(int devices) {
        CompileOptions options =
                on(Mesh.of("data", devices)).optimizer(adam(1e-3)).shard("batch").over("data");
        for (int stage = 0; stage <= 3; stage++) {
            CompileOptions staged = stage == 0 ? options : options.zero(stage).over("data");
            MemoryBytes memory = memory(staged);
            assertThat(memory.optimizer()).isEqualTo(8 * PARAMETERS / (stage >= 1 ? devices : 1));
            assertThat(memory.gradients()).isEqualTo(4 * PARAMETERS / (stage >= 2 ? devices : 1));
            assertThat(memory.weights()).isEqualTo(4 * PARAMETERS / (stage >= 3 ? devices : 1));
        }
    }

    @Test
    void the_parts_add_up_to_the_peak() {
        CompileOptions options =
                on(Mesh.of("data", 4)).shard("batch").over("data").zero(3).over("data");
        var plan = Compiler.compile(wide(), options.batch(128)).plan();
        MemoryBytes memory = plan.memoryBytes();
        assertThat(memory.total()).isEqualTo(plan.program(0).arenaBytes());
        assertThat(
                        memory.weights()
                                + memory.gradients()
                                + memory.optimizer()
                                + memory.activations()
                                + memory.buffers())
                .isEqualTo(memory.total());
        assertThat(memory.activations()).isGreaterThan(0);
        // at least one gathered layer
        assertThat(memory.buffers()).isAtLeast(4 * 256 * 64);
    }

    @Test
    void plain_descent_keeps_no_state_and_more_examples_need_more_activations() {
        CompileOptions options = on(Mesh.ONE_DEVICE).optimizer(sgd(0.1));
        assertThat(memory(options).optimizer()).isEqualTo(0);
        MemoryBytes more = Compiler.compile(wide(), options.batch(1024)).plan().memoryBytes();
        assertThat(more.activations()).isGreaterThan(4 * memory(options).activations());
        assertThat(more.weights()).isEqualTo(memory(options).weights());
    }
}
