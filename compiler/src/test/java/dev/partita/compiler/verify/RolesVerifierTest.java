package dev.partita.compiler.verify;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.Truth.assertWithMessage;
import static dev.partita.compiler.CompileOptions.on;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.compiler.Compiler;
import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.compiler.plan.Program;
import dev.partita.compiler.plan.Slot;
import dev.partita.compiler.plan.Step;
import dev.partita.dsl.graph.Update;
import dev.partita.dsl.mesh.Coordinate;
import dev.partita.dsl.mesh.DimSharding;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import dev.partita.example.SmallNets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/// What is proved of plans whose devices run different programs.
class RolesVerifierTest {
    private static final ExecutionPlan PLAN =
            Compiler.compile(
                            SmallNets.mlp(),
                            on(Mesh.of("data", 3)).dataParallel().over("data").batch(6))
                    .plan();
    private static final int ROOT = 0;
    private static final int OTHERS = 1;

    @Test
    void the_plan_passes_as_it_is() {
        PlanVerifier.verify(PLAN);
        assertThat(PLAN.programs()).hasSize(2);
    }

    @Test
    void every_collective_dropped_by_one_role_is_caught() {
        for (int role : List.of(ROOT, OTHERS)) {
            for (Step.Start start : PLAN.programs().get(role).collectives().toList()) {
                var rejected =
                        rejected(
                                role,
                                steps -> {
                                    steps.removeIf(step ->
                                            step.equals(start)
                                                    || (step instanceof Step.Finish finish
                                                            && finish.tag() == start.tag()));
                                    return steps;
                                });
                assertWithMessage("dropped at %s: %s", role, start)
                        .that(rejected)
                        .containsMatch("\\branks?\\b");
            }
        }
    }

    /// The root goes on when its weights are taken; the others take them once they have what the
    /// root sends after that.
    @Test
    void devices_that_wait_for_each_other_crosswise_are_named() {
        List<Step.Start> starts = PLAN.programs().get(ROOT).collectives().toList();
        int broadcast = starts.get(1).tag();
        int scatter = starts.get(4).tag();
        Program program = PLAN.programs().get(OTHERS);
        List<Step> steps = new ArrayList<>(program.steps());
        Step finish = steps.remove(finish(steps, broadcast));
        steps.add(finish(steps, scatter) + 1, finish);
        ExecutionPlan crossed = replaced(OTHERS, with(program, steps, program.slots()));
        var e =
                assertThrows(
                        ProblemException.class, () -> new CollectiveVerifier(crossed).verify());
        assertThat(e.problem().print()).contains("devices would wait for each other forever");
        assertThat(e.problem().print())
                .containsMatch(
                        "rank 0 waits in step \\d+ \\(finish #1\\) for ranks 1, 2: start #1");
        assertThat(e.problem().print())
                .containsMatch("rank 2 waits in step \\d+ \\(finish #3\\) for rank 0: start #3");
    }

    /// A device that only brings something holds nobody up by waiting late.
    @Test
    void who_only_brings_something_may_wait_later() {
        List<Step.Start> starts = PLAN.programs().get(ROOT).collectives().toList();
        Program program = PLAN.programs().get(OTHERS);
        List<Step> steps = new ArrayList<>(program.steps());
        Step finish = steps.remove(finish(steps, starts.get(3).tag()));
        steps.add(finish(steps, starts.get(4).tag()) + 1, finish);
        PlanVerifier.verify(replaced(OTHERS, with(program, steps, program.slots())));
    }

    @Test
    void a_device_that_changes_weights_without_the_check_of_another_is_caught() {
        ExecutionPlan plan = twoWithWeights();
        PlanVerifier.verify(plan);
        Program program = plan.program(1);
        List<Step> steps = new ArrayList<>(program.steps());
        steps.removeIf(Step.RequireFinite.class::isInstance);
        ExecutionPlan unchecked =
                new ExecutionPlan(
                        plan.model(),
                        plan.mesh(),
                        List.of(program, with(program, steps, program.slots())),
                        List.of(0, 1));
        var e = assertThrows(ProblemException.class, () -> PlanVerifier.verify(unchecked));
        assertThat(e.problem().print())
                .contains("it changes state, and only other devices check loss, gradient norm");
    }

    /// All devices alike: a plan in which every device updates.
    private static ExecutionPlan twoWithWeights() {
        return Compiler.compile(
                        SmallNets.mlp(),
                        on(Mesh.of("data", 2)).shard("batch").over("data").batch(6))
                .plan();
    }

    @Test
    void a_slot_that_lives_on_other_devices_is_caught() {
        Program program = PLAN.programs().get(OTHERS);
        List<Slot> slots = new ArrayList<>(program.slots());
        int id = program.collectives().findFirst().orElseThrow().targets().getFirst();
        Slot slot = slots.get(id);
        var home = slot.placement().with(0, DimSharding.WHOLE);
        slots.set(
                id,
                new Slot(
                        id,
                        slot.offset(),
                        slot.type(),
                        slot.type(),
                        home.at(List.of(new Coordinate("data", 0))),
                        slot.use()));
        assertThat(verified(replaced(OTHERS, with(program, program.steps(), slots))))
                .contains("lives elsewhere");
    }

    @Test
    void what_the_root_sends_and_what_the_others_get_must_be_one_thing() {
        Program program = PLAN.programs().get(OTHERS);
        List<Slot> slots = new ArrayList<>(program.slots());
        Step.Start broadcast = program.collectives().skip(1).findFirst().orElseThrow();
        Slot slot = slots.get(broadcast.targets().getFirst());
        var shape = slot.type().shape();
        var other = slot.type().withShape(shape.with(0, shape.dim(0).withSize(shape.size(0) / 2)));
        slots.set(
                slot.id(),
                new Slot(slot.id(), slot.offset(), other, other, slot.placement(), slot.use()));
        // nothing but the broadcast and its end is left of the program
        List<Step> steps =
                program.steps().stream()
                        .filter(step ->
                                step.equals(broadcast)
                                        || (step instanceof Step.Finish f
                                                && f.tag() == broadcast.tag()))
                        .toList();
        assertThat(verified(replaced(OTHERS, with(program, steps, slots))))
                .containsMatch("rank 0 sends .*, rank 1 gets ");
    }

    @Test
    void three_thousand_devices_with_a_root_are_looked_at_a_few_times_each() {
        ExecutionPlan plan =
                Compiler.compile(
                                SmallNets.deep(48),
                                on(Mesh.of("data", 384).by("tensor", 8))
                                        .dataParallel()
                                        .over("data")
                                        .shard("hidden")
                                        .over("tensor")
                                        .batch(384))
                        .plan();
        assertThat(plan.programs()).hasSize(2);
        assertThat(updates(plan.program(8))).isEqualTo(0);
        assertThat(updates(plan.program(7))).isGreaterThan(0);
        PlanVerifier.verify(plan);
        var verifier = new CollectiveVerifier(plan);
        verifier.verify();
        long collectives =
                plan.programOf().stream()
                        .mapToLong(p -> plan.programs().get(p).collectives().count())
                        .sum();
        assertThat(verifier.looks()).isAtMost(3 * 2 * collectives);
    }

    private static long updates(Program program) {
        return program.steps().stream()
                .filter(s -> s instanceof Step.Compute c && c.op() instanceof Update)
                .count();
    }

    private static int finish(List<Step> steps, int tag) {
        for (int i = 0; i < steps.size(); i++) {
            if (steps.get(i) instanceof Step.Finish finish && finish.tag() == tag) {
                return i;
            }
        }
        throw new AssertionError("collective #" + tag + " is never finished");
    }

    private static String rejected(int role, UnaryOperator<List<Step>> change) {
        Program program = PLAN.programs().get(role);
        List<Step> steps = change.apply(new ArrayList<>(program.steps()));
        return verified(replaced(role, with(program, steps, program.slots())));
    }

    private static String verified(ExecutionPlan plan) {
        var e = assertThrows(ProblemException.class, () -> PlanVerifier.verify(plan));
        assertThat(e.problem().code()).isEqualTo(ProblemCode.PLAN_REJECTED);
        return e.problem().print();
    }

    private static Program with(Program program, List<Step> steps, List<Slot> slots) {
        return new Program(program.arenaBytes(), slots, program.bindings(), steps);
    }

    private static ExecutionPlan replaced(int role, Program program) {
        List<Program> programs = new ArrayList<>(PLAN.programs());
        programs.set(role, program);
        return new ExecutionPlan(PLAN.model(), PLAN.mesh(), programs, PLAN.programOf());
    }
}
