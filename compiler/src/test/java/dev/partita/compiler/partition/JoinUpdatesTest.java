package dev.partita.compiler.partition;

import static com.google.common.truth.Truth.assertThat;
import static dev.partita.compiler.CompileOptions.on;
import static dev.partita.dsl.layer.Layers.adamW;
import static dev.partita.dsl.layer.Layers.sgd;

import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.Compiler;
import dev.partita.compiler.Precision;
import dev.partita.compiler.plan.Binding;
import dev.partita.compiler.plan.MemoryBytes;
import dev.partita.compiler.plan.Program;
import dev.partita.compiler.plan.Slot;
import dev.partita.compiler.plan.Step;
import dev.partita.dsl.graph.Update;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.example.SmallNets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JoinUpdatesTest {
    private static final long ALIGNMENT = 64;
    private static final CompileOptions DATA =
            on(Mesh.of("data", 2)).shard("batch").over("data").batch(8).optimizer(adamW(1e-3));

    private static Program compile(CompileOptions options) {
        return Compiler.compile(SmallNets.mlp(), options).plan().program(0);
    }

    /// The updates of a device, in order.
    private static List<String> updates(CompileOptions options) {
        return compile(options).steps().stream()
                .filter(s -> s instanceof Step.Compute c && c.op() instanceof Update)
                .map(s -> ((Step.Compute) s).op().toString())
                .toList();
    }

    @Test
    void all_weights_that_follow_one_rule_are_updated_by_one_step() {
        assertThat(updates(DATA)).containsExactly("adamw-step x4");
        assertThat(updates(DATA.optimizer(sgd(0.1).momentum(0.9)))).containsExactly("sgd-step x4");
    }

    @Test
    void weights_that_decay_spares_are_updated_apart() {
        assertThat(updates(DATA.optimizer(adamW(1e-3).weightDecay(0.1).sparing("bias"))))
                .containsExactly("adamw-step x2", "adamw-step x2");
    }

    @Test
    void the_loss_scale_is_changed_after_the_weights() {
        assertThat(updates(DATA.precision(Precision.F16)))
                .containsExactly("adamw-step x4", "loss-scale-step 2000")
                .inOrder();
    }

    /// A new weight that is gathered must be there before its gather starts.
    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void updates_of_a_bucket_of_new_weights_are_joined(int stage) {
        assertThat(updates(DATA.zero(stage).over("data").bucketBytes(1)))
                .containsExactly(
                        "adamw-step",
                        "store",
                        "adamw-step",
                        "store",
                        "adamw-step",
                        "store",
                        "adamw-step",
                        "store");
        assertThat(updates(DATA.zero(stage).over("data")))
                .containsExactly("adamw-step x4", "store", "store", "store", "store")
                .inOrder();
    }

    @Test
    void weights_that_stay_sharded_are_updated_by_one_step() {
        assertThat(updates(DATA.zero(3).over("data"))).containsExactly("adamw-step x4");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3})
    void weights_and_each_of_their_moments_lie_side_by_side(int stage) {
        Program program = compile(stage == 0 ? DATA : DATA.zero(stage).over("data"));
        sideBySide(
                program.bindings(Binding.State.class)
                        .filter(state -> state.name().endsWith("first-moment"))
                        .map(state -> program.slot(state.slot()))
                        .toList());
        if (stage != 1) {
            sideBySide(
                    program.bindings(Binding.Parameter.class)
                            .map(parameter -> program.slot(parameter.slot()))
                            .toList());
        }
    }

    private static void sideBySide(List<Slot> slots) {
        assertThat(slots).hasSize(4);
        List<Slot> inMemory =
                slots.stream().sorted((a, b) -> Long.compare(a.offset(), b.offset())).toList();
        for (int i = 1; i < inMemory.size(); i++) {
            long end = inMemory.get(i - 1).end();
            assertThat(inMemory.get(i).offset())
                    .isEqualTo(Math.ceilDiv(end, ALIGNMENT) * ALIGNMENT);
        }
    }

    @Test
    void joining_takes_no_memory() {
        long weights = 4 * (8 * 6 + 8 + 4 * 8 + 4);
        Program program = compile(DATA.dtype(Dtype.F32));
        assertThat(program.bindings(Binding.State.class).count()).isEqualTo(8);
        assertThat(MemoryBytes.of(program).optimizer()).isEqualTo(2 * weights);
    }
}
