package dev.partita.compiler.plan;

import static com.google.common.truth.Truth.assertThat;
import static dev.partita.compiler.CompileOptions.on;
import static dev.partita.dsl.layer.Layers.sgd;

import dev.partita.compiler.Compiler;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.example.SmallNets;
import java.util.List;
import org.junit.jupiter.api.Test;

class PlanPrinterTest {
    private static final ExecutionPlan PLAN =
            Compiler.compile(
                            SmallNets.mlp(),
                            on(Mesh.of("data", 2))
                                    .shard("batch")
                                    .over("data")
                                    .optimizer(sgd(0.1))
                                    .batch(8))
                    .plan();

    @Test
    void a_plan_prints_what_is_in_memory_and_every_step_with_its_line() {
        // lines of SmallNets are left out, they move with that file
        List<String> lines =
                PLAN.print().lines().map(l -> l.replaceAll(" SmallNets.java:\\d+", "")).toList();
        assertThat(lines.getFirst())
                .isEqualTo("plan mlp on mesh[data=2]: 2 devices, 1552 bytes each");
        assertThat(lines)
                .containsAtLeast(
                        "  input     x                            s0    f32[batch=4, x=6] [{data},"
                                + " {}]",
                        "  parameter hidden.weight                s1    f32[hidden=8, x=6] [{}, {}]",
                        "     0  einsum bk,ok->bo+bias+relu s0 s1 s2 -> s3 : f32[batch=4, hidden=8]"
                                + "  ; hidden",
                        "    16  finish #0")
                .inOrder();
    }

    @Test
    void a_description_names_each_collective_with_its_bytes_and_reason() {
        var description = PlanDescription.of(PLAN);
        assertThat(description.devices()).isEqualTo(2);
        assertThat(description.peakBytesPerDevice()).containsExactly(1552L, 1552L);
        assertThat(description.collectives()).hasSize(1);
        var bucket = description.collectives().getFirst();
        assertThat(bucket.kind()).isEqualTo("all-reduce");
        assertThat(bucket.axis()).isEqualTo("data");
        // loss, 4x8 and 8x6 weights, 4 and 8 biases, all f32
        assertThat(bucket.bytes()).isEqualTo(4 * (1 + 32 + 48 + 4 + 8));
        assertThat(bucket.because()).contains("meets require-finite loss (and 4 more)");
        assertThat(bucket.source()).startsWith("SmallNets.java:");
    }
}
