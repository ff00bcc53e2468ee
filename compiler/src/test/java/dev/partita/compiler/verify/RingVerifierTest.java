package dev.partita.compiler.verify;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.Truth.assertWithMessage;
import static dev.partita.compiler.CompileOptions.on;
import static dev.partita.compiler.CompileOptions.ring;
import static dev.partita.dsl.layer.Layers.attention;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.embedding;
import static dev.partita.dsl.layer.Layers.linear;
import static dev.partita.dsl.layer.Layers.model;
import static dev.partita.dsl.layer.Layers.tokens;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.compiler.Compiler;
import dev.partita.compiler.plan.Program;
import dev.partita.compiler.plan.Step;
import dev.partita.dsl.graph.AttentionOp;
import dev.partita.dsl.graph.Elementwise;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.problem.ProblemException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Rings in which a block of keys is left out, met twice or mistaken for another.
final class RingVerifierTest {
    private static final Mesh MESH = Mesh.of("context", 4);
    private static final Program PROGRAM =
            Compiler.compile(
                            model("text", tokens("sequence", 16, 8))
                                    .then(embedding("model", 8))
                                    .then(attention("mix", 2).causal())
                                    .then(linear("classes", 8))
                                    .loss(crossEntropy()),
                            on(MESH).batch(2).shard("sequence").over("context").attention(ring()))
                    .plan()
                    .program(0);

    private static List<Step.Compute> computed(Class<? extends Op> kind) {
        return PROGRAM.steps().stream()
                .filter(Step.Compute.class::isInstance)
                .map(Step.Compute.class::cast)
                .filter(step -> kind.isInstance(step.op()))
                .toList();
    }

    /// The program with slot `to` where this step read slot `from`.
    private static Program reading(Step.Compute step, int from, int to) {
        List<Step> steps = new ArrayList<>(PROGRAM.steps());
        List<Integer> reads = new ArrayList<>(step.reads());
        reads.replaceAll(slot -> slot == from ? to : slot);
        steps.set(
                steps.indexOf(step),
                new Step.Compute(step.id(), step.op(), reads, step.writes(), step.note()));
        return new Program(PROGRAM.arenaBytes(), PROGRAM.slots(), PROGRAM.bindings(), steps);
    }

    private static String rejected(Program program) {
        var e =
                assertThrows(
                        ProblemException.class,
                        () -> {
                            new PlacementVerifier(program, MESH).verify();
                            new RingVerifier(program, MESH).verify();
                        });
        assertThat(e.problem().origin().toString()).startsWith("RingVerifierTest.java:");
        return e.problem().print();
    }

    @Test
    void a_ring_that_was_gone_round_passes() {
        assertThat(computed(AttentionOp.Attention.class)).hasSize(4);
        assertThat(computed(AttentionOp.Merge.class)).hasSize(3);
        new PlacementVerifier(PROGRAM, MESH).verify();
        new RingVerifier(PROGRAM, MESH).verify();
    }

    @Test
    void a_block_met_twice_is_rejected() {
        List<Step.Compute> attended = computed(AttentionOp.Attention.class);
        Step.Compute merge = computed(AttentionOp.Merge.class).get(1);
        int third = attended.get(2).writes().getFirst();
        int second = attended.get(1).writes().getFirst();
        String logSum = rejected(reading(merge, third, second));
        assertThat(logSum).contains("and its log-sum are of other keys");
        Program both = reading(attended.get(2), attended.get(2).reads().get(1), keys(attended, 1));
        assertThat(rejected(both)).contains("where block 1 is in hand");
    }

    private static int keys(List<Step.Compute> attended, int turn) {
        return attended.get(turn).reads().get(1);
    }

    @Test
    void a_result_read_before_it_met_all_blocks_is_rejected() {
        Step.Compute last = computed(AttentionOp.Merge.class).getLast();
        Step.Compute before = computed(AttentionOp.Merge.class).get(1);
        int whole = last.writes().getFirst();
        for (Step.Compute step : computed(Op.class)) {
            if (step.reads().contains(whole)) {
                assertWithMessage("%s", step)
                        .that(rejected(reading(step, whole, before.writes().getFirst())))
                        .contains("block 0, 1, 2 of the 4 in its ring, and is read as a whole");
            }
        }
    }

    @Test
    void a_gradient_to_which_one_device_did_not_add_is_rejected() {
        List<Step.Compute> sums = computed(Elementwise.Add.class);
        List<Step.Compute> grads = computed(AttentionOp.AttentionGrad.class);
        assertThat(grads).hasSize(4);
        int caught = 0;
        for (Step.Compute sum : sums) {
            for (Step.Compute grad : grads) {
                for (int part : grad.writes()) {
                    if (sum.reads().contains(part) && sum.reads().getFirst() == part) {
                        // what came from the others is added, and added again
                        Program twice = reading(sum, part, sum.reads().getLast());
                        assertWithMessage("%s", sum)
                                .that(rejected(twice))
                                .containsMatch("block \\d of 4 is met twice");
                        caught++;
                    }
                }
            }
        }
        assertThat(caught).isAtLeast(6);
    }
}
