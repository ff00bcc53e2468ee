package dev.partita.compiler.pipeline;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.Truth.assertWithMessage;
import static dev.partita.compiler.CompileOptions.on;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.features;
import static dev.partita.dsl.layer.Layers.linear;
import static dev.partita.dsl.layer.Layers.model;
import static dev.partita.dsl.layer.Layers.relu;

import dev.partita.compiler.Compiler;
import dev.partita.compiler.Precision;
import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.compiler.plan.Program;
import dev.partita.compiler.plan.Step;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.mesh.Mesh;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Steps of a plan are in the order of the schedule, and know what of it they are part of.
class OrderStagesTest {
    private static final Model MLP =
            model("mlp", features("x", 8))
                    .then(linear("first", 8))
                    .then(relu())
                    .then(linear("second", 8))
                    .then(relu())
                    .then(linear("third", 4))
                    .loss(crossEntropy());

    /// The actions that a device computes, in order. What it is sent is part of the sender's.
    private static List<String> actions(Program program) {
        List<String> actions = new ArrayList<>();
        for (Step step : program.steps()) {
            String action = step instanceof Step.Compute ? step.note().action() : "";
            if (!action.isEmpty() && (actions.isEmpty() || !actions.getLast().equals(action))) {
                actions.add(action);
            }
        }
        return actions;
    }

    @Test
    void every_device_does_its_actions_in_the_order_of_the_schedule_in_any_precision() {
        for (Precision precision : List.of(Precision.F32, Precision.BF16)) {
            for (String style : List.of("gpipe", "1f1b", "zb-h1", "zb-v", "interleaved")) {
                ScheduleStyle known = Schedules.named(style);
                int chunks = known.chunks() == 1 ? 1 : 2;
                int devices = chunks == 1 ? 3 : 1;
                PipelineSchedule schedule = Schedules.of(known, devices, 4, chunks);
                String[] begins =
                        chunks == 1 ? new String[] {"second", "third"} : new String[] {"third"};
                ExecutionPlan plan =
                        Compiler.compile(
                                        MLP,
                                        on(Mesh.of("pipe", devices))
                                                .batch(8)
                                                .microBatches(4)
                                                .precision(precision)
                                                .stages(begins)
                                                .schedule(style)
                                                .over("pipe"))
                                .plan();
                for (int device = 0; device < devices; device++) {
                    List<String> wanted =
                            schedule.devices().get(device).stream()
                                    .map(PipelineAction::toString)
                                    .toList();
                    assertWithMessage("%s %s device %s", style, precision, device)
                            .that(actions(plan.program(device)))
                            .isEqualTo(wanted);
                }
            }
        }
    }

    @Test
    void what_is_done_once_a_step_is_part_of_no_action() {
        ExecutionPlan plan =
                Compiler.compile(
                                MLP,
                                on(Mesh.of("pipe", 2).by("data", 2))
                                        .batch(8)
                                        .microBatches(2)
                                        .shard("batch")
                                        .over("data")
                                        .stages("second")
                                        .over("pipe"))
                        .plan();
        for (Program program : plan.programs()) {
            Step last = program.steps().getLast();
            assertThat(last.note().action()).isEmpty();
        }
    }
}
