package dev.partita.compiler.precision;

import static com.google.common.truth.Truth.assertThat;
import static dev.partita.compiler.CompileOptions.on;
import static dev.partita.dsl.layer.Layers.features;
import static dev.partita.dsl.layer.Layers.linear;
import static dev.partita.dsl.layer.Layers.meanSquared;
import static dev.partita.dsl.layer.Layers.model;
import static dev.partita.dsl.layer.Layers.sgd;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.Compiler;
import dev.partita.compiler.Precision;
import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.compiler.plan.Program;
import dev.partita.compiler.plan.Step;
import dev.partita.compiler.verify.PlanVerifier;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LossScalingTest {
    private static final Model NET =
            model("net", features("x", 4)).then(linear("y", 2)).loss(meanSquared());

    @Test
    void backward_starts_from_the_scale_and_complete_gradients_are_divided_by_it() {
        Compilation plan = compile("data=2");
        assertThat(plan.after("differentiate")).contains("%14 = state \"loss-scale\" : f32[]");
        assertThat(plan.after("differentiate")).contains("= scale 0.0625 %14 : f32[]");
        assertThat(plan.after("differentiate")).doesNotContain("constant 1.0");
        assertThat(plan.after("unscale")).contains("= reciprocal %14 : f32[]");
        assertThat(plan.after("unscale")).contains("= scale-by ");
        assertThat(plan.after("guard-loss-scale")).contains("%36 = state \"good-steps\" : f32[]");
        assertThat(plan.after("guard-loss-scale"))
                .containsMatch("require-finite gradient norm %[0-9]+ %14 %36");
    }

    @Test
    void gradients_are_divided_once_after_all_micro_batches() {
        Compilation plan =
                Compiler.compile(
                        NET, on(Mesh.ONE_DEVICE).batch(8).microBatches(4).precision(Precision.F16));
        assertThat(plan.after("unscale").lines().filter(line -> line.contains("scale-by")))
                .hasSize(2);
    }

    @Test
    void the_scale_is_changed_after_all_weights() {
        List<Step> steps = compile("data=2").plan().program(0).steps();
        assertThat(steps.getLast().toString()).contains("loss-scale-step");
    }

    @Test
    void a_check_that_each_device_would_decide_for_itself_is_rejected() {
        ExecutionPlan plan = compile("data=2").plan();
        Program program = plan.program(0);
        Step.Start sum =
                program.collectives()
                        .filter(s ->
                                program.slot(s.sources().getFirst()).type().shape().rank() == 0)
                        .findFirst()
                        .orElseThrow();
        Step.RequireFinite check =
                program.steps().stream()
                        .filter(Step.RequireFinite.class::isInstance)
                        .map(Step.RequireFinite.class::cast)
                        .filter(c -> !c.lossScale().isEmpty())
                        .findFirst()
                        .orElseThrow();
        List<Step> steps = new ArrayList<>(program.steps());
        steps.add(
                steps.indexOf(sum),
                new Step.RequireFinite(
                        sum.id(),
                        sum.sources().getFirst(),
                        check.lossScale(),
                        check.what(),
                        check.note()));
        var skips = new Program(program.arenaBytes(), program.slots(), program.bindings(), steps);
        var broken = new ExecutionPlan(plan.model(), plan.mesh(), List.of(skips), plan.programOf());
        var problem =
                assertThrows(ProblemException.class, () -> PlanVerifier.verify(broken)).problem();
        assertThat(problem.code()).isEqualTo(ProblemCode.PLAN_REJECTED);
        assertThat(problem.print()).contains("each device would decide for itself");
    }

    private static Compilation compile(String mesh) {
        return Compiler.compile(
                NET,
                on(Mesh.parse(mesh))
                        .shard("batch")
                        .over("data")
                        .batch(8)
                        .optimizer(sgd(0.1))
                        .precision(Precision.F16));
    }
}
