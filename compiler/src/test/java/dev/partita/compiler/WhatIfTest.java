package dev.partita.compiler;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.Truth.assertWithMessage;
import static dev.partita.compiler.Change.microBatches;
import static dev.partita.compiler.Change.precision;
import static dev.partita.compiler.Change.recompute;
import static dev.partita.compiler.Change.stages;
import static dev.partita.compiler.Change.zero;
import static dev.partita.compiler.CompileOptions.on;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.features;
import static dev.partita.dsl.layer.Layers.linear;
import static dev.partita.dsl.layer.Layers.model;
import static dev.partita.dsl.layer.Layers.relu;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.compiler.cost.ClusterSpec;
import dev.partita.compiler.cost.DeviceSpec;
import dev.partita.compiler.plan.MemoryBytes;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import java.util.List;
import org.junit.jupiter.api.Test;

class WhatIfTest {
    private static final ClusterSpec CLUSTER = new ClusterSpec(DeviceSpec.named("a100-80gb"), 8);
    private static final Model NET =
            model("net", features("x", 64))
                    .then(linear("first", 64))
                    .then(relu())
                    .then(linear("second", 64))
                    .then(relu())
                    .then(linear("classes", 16))
                    .loss(crossEntropy());
    private static final Compilation PLAN =
            Compiler.compile(
                    NET,
                    on(Mesh.of("pipe", 1).by("data", 4)).shard("batch").over("data").batch(256));

    private static WhatIf whatIf(Change change) {
        return PLAN.whatIf(change, CLUSTER);
    }

    @Test
    void zero_splits_optimizer_state_over_the_axis_of_the_batch() {
        WhatIf split = whatIf(zero(1));
        MemoryBytes before = split.difference().before().memoryBytes();
        MemoryBytes after = split.difference().after().memoryBytes();
        assertThat(after.optimizer() * 4).isEqualTo(before.optimizer());
        assertThat(split.print()).contains("+ 9,360 bytes: all-gather data");
        assertThat(split.print()).contains("a step on a100-80gb, by simulation: ");
        assertThat(split.toString().length()).isAtMost(80);
    }

    @Test
    void any_request_can_be_changed() {
        List<Change> changes =
                List.of(
                        zero(2).andThen(o -> o.clipNorm(1))::apply,
                        stages(1),
                        microBatches(4),
                        Change.batch(128),
                        precision(Precision.BF16),
                        recompute(Recompute.selective("relu")),
                        o -> o.clipNorm(1));
        for (Change change : changes) {
            WhatIf other = whatIf(change);
            assertWithMessage(other.toString()).that(other.secondsAfter()).isGreaterThan(0);
            assertThat(other.after().options()).isNotEqualTo(PLAN.options());
        }
    }

    @Test
    void another_mesh_keeps_the_other_requests() {
        Compilation after = whatIf(Change.mesh(Mesh.of("data", 8).by("tensor", 2))).after();
        assertThat(after.options().shards()).isEqualTo(PLAN.options().shards());
        assertThat(after.options().batch()).isEqualTo(256);
        assertThat(after.plan().devices()).isEqualTo(16);
    }

    @Test
    void nothing_changes_where_the_same_is_asked() {
        WhatIf same = whatIf(Change.batch(256));
        assertThat(same.secondsAfter()).isEqualTo(same.secondsBefore());
        assertThat(same.difference().appeared()).isEmpty();
    }

    @Test
    void a_change_that_cannot_be_made_says_so() {
        ProblemException problem =
                assertThrows(ProblemException.class, () -> whatIf(Change.microBatches(7)));
        assertThat(problem.problem().code()).isEqualTo(ProblemCode.INDIVISIBLE_DIM);
    }
}
