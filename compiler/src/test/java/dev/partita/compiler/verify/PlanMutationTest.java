package dev.partita.compiler.verify;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.Truth.assertWithMessage;
import static dev.partita.compiler.CompileOptions.on;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.Compiler;
import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.compiler.plan.Program;
import dev.partita.compiler.plan.Slot;
import dev.partita.compiler.plan.Step;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import dev.partita.dsl.tensor.Dim;
import dev.partita.dsl.tensor.Shape;
import dev.partita.example.SmallNets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Every way of breaking one collective, on one device or on all, is caught.
class PlanMutationTest {
    static Stream<ExecutionPlan> plans() {
        Mesh both = Mesh.of("data", 2).by("tensor", 2);
        return Stream.of(
                plan(SmallNets.mlp(), on(Mesh.of("data", 4)).shard("batch").over("data")),
                plan(SmallNets.mlp(), on(Mesh.of("tensor", 2)).shard("hidden").over("tensor")),
                plan(
                        SmallNets.mlp(),
                        on(both).shard("batch")
                                .over("data")
                                .shard("hidden")
                                .over("tensor")
                                .bucketBytes(1)),
                plan(
                        SmallNets.convnet(),
                        on(both).shard("batch").over("data").shard("hidden").over("tensor")),
                plan(
                        SmallNets.mlp(),
                        on(both).shard("batch").over("data", "tensor").zero(3).over("data")),
                plan(
                        SmallNets.convnet(),
                        on(both).shard("batch")
                                .over("data")
                                .shard("hidden")
                                .over("tensor")
                                .zero(1)
                                .over("data")),
                plan(
                        SmallNets.convnet(),
                        on(Mesh.of("data", 4)).shard("batch").over("data").zero(2).over("data")),
                plan(
                        SmallNets.convnet(),
                        on(both).shard("c1").over("tensor").shard("c2").over("data")));
    }

    private static ExecutionPlan plan(Model model, CompileOptions options) {
        return Compiler.compile(model, options.batch(8)).plan();
    }

    @ParameterizedTest
    @MethodSource("plans")
    void an_unchanged_plan_passes(ExecutionPlan plan) {
        PlanVerifier.verify(plan);
        assertThat(plan.program(0).collectives().count()).isGreaterThan(0);
    }

    @ParameterizedTest
    @MethodSource("plans")
    void a_dropped_collective_is_caught(ExecutionPlan plan) {
        for (Step.Start start : plan.program(0).collectives().toList()) {
            Program dropped = without(plan.program(0), start.tag());
            assertCaught(onOneDevice(plan, dropped), "dropped on rank 0: " + start);
            assertCaught(everywhere(plan, dropped), "dropped everywhere: " + start);
        }
    }

    @ParameterizedTest
    @MethodSource("plans")
    void swapped_collectives_are_caught(ExecutionPlan plan) {
        List<Step.Start> starts = plan.program(0).collectives().toList();
        for (int i = 0; i + 1 < starts.size(); i++) {
            Program swapped = swapped(plan.program(0), starts.get(i), starts.get(i + 1));
            assertCaught(onOneDevice(plan, swapped), "swapped on rank 0: " + starts.get(i));
            assertCaught(everywhere(plan, swapped), "swapped everywhere: " + starts.get(i));
        }
    }

    @ParameterizedTest
    @MethodSource("plans")
    void a_resized_collective_is_caught(ExecutionPlan plan) {
        for (Step.Start start : plan.program(0).collectives().toList()) {
            for (int slot : List.of(start.sources().getFirst(), start.targets().getFirst())) {
                Program resized = resized(plan.program(0), slot);
                assertCaught(onOneDevice(plan, resized), "resized on rank 0: " + start);
                assertCaught(everywhere(plan, resized), "resized everywhere: " + start);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("plans")
    void a_wait_that_comes_too_late_is_caught(ExecutionPlan plan) {
        for (Step.Start start : plan.program(0).collectives().toList()) {
            Program without = without(plan.program(0), start.tag());
            List<Step> steps = new ArrayList<>(without.steps());
            int at = plan.program(0).steps().indexOf(start);
            steps.add(at, start);
            steps.add(new Step.Finish(steps.size(), start.tag(), start.note()));
            assertCaught(everywhere(plan, with(without, steps)), "finished last: " + start);
        }
    }

    @Test
    void devices_that_wait_for_each_other_are_named() {
        ExecutionPlan plan = plans().findFirst().orElseThrow();
        Step.Start first = plan.program(0).collectives().findFirst().orElseThrow();
        ExecutionPlan broken = onOneDevice(plan, without(plan.program(0), first.tag()));
        var exception =
                assertThrows(ProblemException.class, () -> new CollectiveVerifier(broken).verify());
        assertThat(exception.problem().print()).contains("rank 1 waits in step");
        assertThat(exception.problem().print()).contains("finish #" + first.tag());
    }

    private static ExecutionPlan split(Model net, int data, int tensor) {
        Mesh mesh = Mesh.of("data", data).by("tensor", tensor);
        CompileOptions options =
                on(mesh).shard("batch").over("data").shard("hidden").over("tensor");
        return Compiler.compile(net, options.batch(data)).plan();
    }

    @Test
    void one_broken_device_of_64_is_caught() {
        ExecutionPlan plan = split(SmallNets.convnet(), 8, 8);
        for (Step.Start start : plan.program(0).collectives().toList()) {
            ExecutionPlan broken = onOneDevice(plan, without(plan.program(0), start.tag()));
            assertCaught(broken, "dropped on rank 0 of 64: " + start);
        }
    }

    @Test
    void one_broken_device_of_3072_is_caught() {
        ExecutionPlan plan = split(SmallNets.deep(48), 384, 8);
        assertThat(plan.program(0).collectives().count()).isGreaterThan(90);
        PlanVerifier.verify(plan);
        Step.Start last = plan.program(0).collectives().toList().getLast();
        assertCaught(onOneDevice(plan, without(plan.program(0), last.tag())), "of 3072: " + last);
    }

    @ParameterizedTest(name = "data={0}")
    @ValueSource(ints = {1, 8, 64, 384})
    void every_start_and_finish_is_looked_at_three_times_at_most(int data) {
        ExecutionPlan plan = split(SmallNets.deep(4), data, 8);
        var verifier = new CollectiveVerifier(plan);
        verifier.verify();
        long collectives = plan.program(0).collectives().count() * plan.devices();
        assertThat(collectives).isGreaterThan(0);
        assertThat(verifier.looks()).isAtLeast(2 * collectives);
        assertThat(verifier.looks()).isAtMost(3 * 2 * collectives);
    }

    private static void assertCaught(ExecutionPlan plan, String mutation) {
        var exception =
                assertThrows(ProblemException.class, () -> PlanVerifier.verify(plan), mutation);
        assertWithMessage(mutation)
                .that(exception.problem().code())
                .isEqualTo(ProblemCode.PLAN_REJECTED);
        assertWithMessage(mutation)
                .that(exception.problem().print())
                .containsMatch("\\branks?:? +\\d");
        assertWithMessage("%s%n%s", mutation, exception.problem().print())
                .that(exception.problem().origin().toString())
                .startsWith("SmallNets.java:");
    }

    private static Program without(Program program, int tag) {
        List<Step> steps = new ArrayList<>(program.steps());
        steps.removeIf(step ->
                (step instanceof Step.Start s && s.tag() == tag)
                        || (step instanceof Step.Finish f && f.tag() == tag));
        return with(program, steps);
    }

    private static Program swapped(Program program, Step.Start a, Step.Start b) {
        List<Step> steps = new ArrayList<>(program.steps());
        steps.set(program.steps().indexOf(a), b);
        steps.set(program.steps().indexOf(b), a);
        return with(program, steps);
    }

    /// One slot with twice as many elements.
    private static Program resized(Program program, int id) {
        List<Slot> slots = new ArrayList<>(program.slots());
        Slot slot = slots.get(id);
        var shape = slot.type().shape();
        var longer =
                shape.rank() == 0
                        ? Shape.of(new Dim("more", 2))
                        : shape.with(0, shape.dim(0).withSize(2 * shape.size(0)));
        slots.set(
                id,
                new Slot(
                        id,
                        slot.offset(),
                        slot.type().withShape(longer),
                        slot.whole(),
                        slot.placement(),
                        slot.use()));
        return new Program(program.arenaBytes() * 2, slots, program.bindings(), program.steps());
    }

    private static Program with(Program program, List<Step> steps) {
        return new Program(program.arenaBytes(), program.slots(), program.bindings(), steps);
    }

    private static ExecutionPlan everywhere(ExecutionPlan plan, Program program) {
        return new ExecutionPlan(plan.model(), plan.mesh(), List.of(program), plan.programOf());
    }

    private static ExecutionPlan onOneDevice(ExecutionPlan plan, Program program) {
        List<Integer> programOf = new ArrayList<>(plan.programOf());
        programOf.set(0, 1);
        return new ExecutionPlan(
                plan.model(), plan.mesh(), List.of(plan.program(0), program), programOf);
    }
}
