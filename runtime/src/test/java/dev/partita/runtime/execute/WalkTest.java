package dev.partita.runtime.execute;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.Truth.assertWithMessage;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.Compiler;
import dev.partita.compiler.plan.Binding;
import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.compiler.plan.Step;
import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.runtime.state.HostTensor;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class WalkTest {
    private static ExecutionPlan fourStages() {
        CompileOptions options = CompileOptions.on(Mesh.of("pipe", 4)).batch(8).microBatches(2);
        return Compiler.compile(
                        DeepNets.ofEightLayers(), options.stages(4).schedule("1f1b").over("pipe"))
                .plan();
    }

    private static Walk walk(ExecutionPlan plan) {
        Session session = Session.open(plan, Plans.REFERENCE);
        fill(session);
        return session.walk();
    }

    private static void fill(Session session) {
        if (session.feed().type("x").shape().elements() % 12 == 0) {
            Plans.fill(session.feed(), 1);
        } else {
            DeepNets.fill(session.feed());
        }
    }

    private static List<HostTensor> weights(Session session) {
        return session.names(Binding.Parameter.class).stream().map(session::readParameter).toList();
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"data=2", "data=2,tensor=2", "pipe=4"})
    void a_walk_to_the_end_in_any_order_is_a_training_step_bit_by_bit(String mesh) {
        ExecutionPlan plan =
                mesh.equals("pipe=4")
                        ? fourStages()
                        : Plans.compile(Mesh.parse(mesh), Dtype.F32).plan();
        try (var run = Session.open(plan, Plans.REFERENCE);
                Walk walk = walk(plan)) {
            fill(run);
            run.run();
            var random = new SplittableRandom(7);
            boolean moved = true;
            while (moved) {
                moved = false;
                int from = random.nextInt(plan.devices());
                for (int i = 0; i < plan.devices() && !moved; i++) {
                    moved = tryNext(walk, (from + i) % plan.devices());
                }
            }
            for (int rank = 0; rank < plan.devices(); rank++) {
                assertThat(walk.rank(rank).done()).isEqualTo(plan.program(rank).steps().size());
            }
            List<HostTensor> expected = weights(run);
            List<HostTensor> walked = weights(walk.session());
            for (int i = 0; i < expected.size(); i++) {
                assertThat(walked.get(i).sameBits(expected.get(i))).isTrue();
            }
        }
    }

    private static boolean tryNext(Walk walk, int rank) {
        try {
            walk.rank(rank).next();
            return true;
        } catch (ProblemException e) {
            assertThat(e.problem().code())
                    .isAnyOf(ProblemCode.DEVICE_WAITS, ProblemCode.INVALID_ARGUMENT);
            return false;
        }
    }

    @Test
    void a_stage_waits_for_the_one_before_it_and_says_so() {
        try (Walk walk = walk(fourStages())) {
            WalkedRank third = walk.rank(2);
            ProblemException waits = assertThrows(ProblemException.class, () -> third.next(1000));
            assertThat(waits.problem().code()).isEqualTo(ProblemCode.DEVICE_WAITS);
            assertThat(waits).hasMessageThat().contains("Rank 2 waits for rank 1.");
            assertThat(waits).hasMessageThat().contains("send pipe from 1 to 2");
            assertThat(waits).hasMessageThat().contains("rank 1:");
            int stands = third.done();
            assertThrows(ProblemException.class, third::next);
            assertThat(third.done()).isEqualTo(stands);
            third.bring();
            assertThat(third.done()).isEqualTo(stands + 1);
            assertThat(walk.rank(0).done()).isGreaterThan(0);
            assertThat(walk.describe()).contains("rank 2 before " + (stands + 1) + " ");
        }
    }

    @Test
    void an_all_reduce_is_finished_by_all_of_its_group_together() {
        ExecutionPlan plan = Plans.compile(Mesh.of("data", 2), Dtype.F32).plan();
        try (Walk walk = walk(plan)) {
            Step.Start reduce = plan.program(0).collectives().findFirst().orElseThrow();
            assertThat(reduce.op()).isInstanceOf(Reshard.AllReduce.class);
            ProblemException waits =
                    assertThrows(ProblemException.class, () -> walk.rank(0).next(1000));
            assertThat(waits).hasMessageThat().contains("Rank 0 waits for rank 1.");
            int at = walk.rank(0).done();
            walk.rank(1).next(at);
            assertThat(walk.rank(1).done()).isEqualTo(at);
            walk.rank(1).next();
            assertThat(walk.rank(0).done()).isEqualTo(at + 1);
            assertThat(walk.rank(1).done()).isEqualTo(at + 1);
        }
    }

    @Test
    void what_lives_is_read_and_a_way_back_and_forth_shows_the_same_bits() {
        try (Walk walk = walk(fourStages())) {
            WalkedRank second = walk.rank(1).to("layer3");
            assertThat(second.describe()).contains("norm");
            assertThat(second.tensor("layer3").madeBy()).contains("einsum");
            List<HostTensor> seen = new ArrayList<>();
            int from = second.done();
            for (int i = 0; i < 12; i++) {
                second.bring();
                seen.add(second.tensor("layer3.weight").values());
            }
            LiveTensor last = last(second);
            for (int i = 0; i < 12; i++) {
                second.back();
            }
            assertThat(second.done()).isEqualTo(from);
            for (int i = 0; i < 12; i++) {
                second.bring();
            }
            assertThat(last(second).values().sameBits(last.values())).isTrue();
            assertThat(second.tensor("layer3.weight").values().sameBits(seen.getLast())).isTrue();
            ProblemException unknown =
                    assertThrows(ProblemException.class, () -> second.tensor("layer3.wieght"));
            assertThat(unknown).hasMessageThat().contains("\"layer3.weight\"");
        }
    }

    private static LiveTensor last(WalkedRank rank) {
        return rank.tensor("s" + rank.live().slots().getLast().id());
    }

    @Test
    void a_way_back_undoes_what_others_did_since_and_ends_at_the_beginning() {
        try (Walk walk = walk(fourStages())) {
            walk.rank(1).next();
            walk.rank(0).next(5);
            walk.rank(1).back();
            assertThat(walk.rank(0).done()).isEqualTo(0);
            ProblemException refused =
                    assertThrows(ProblemException.class, () -> walk.rank(1).back());
            assertThat(refused).hasMessageThat().contains("stands at its beginning");
        }
    }

    @Test
    void updates_are_undone_too() {
        Compilation plan = Plans.compile(Mesh.of("data", 2), Dtype.F32);
        try (Walk walk = walk(plan.plan())) {
            List<HostTensor> before = weights(walk.session());
            walk.finish();
            assertWithMessage("trained")
                    .that(weights(walk.session()).getFirst().sameBits(before.getFirst()))
                    .isFalse();
            int steps = walk.rank(0).done();
            for (int i = 0; i < steps; i++) {
                walk.rank(0).back();
            }
            assertThat(weights(walk.session()).getFirst().sameBits(before.getFirst())).isTrue();
        }
    }
}
