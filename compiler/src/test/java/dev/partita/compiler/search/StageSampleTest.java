package dev.partita.compiler.search;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.Truth.assertWithMessage;

import dev.partita.compiler.Compiler;
import dev.partita.compiler.Precision;
import dev.partita.compiler.Recompute;
import dev.partita.compiler.cost.ClusterSpec;
import dev.partita.compiler.cost.DeviceSpec;
import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.compiler.simulate.SimulatedStep;
import dev.partita.compiler.simulate.SimulatedStep.ActionSpan;
import dev.partita.compiler.simulate.Simulator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What stages take, read off a small plan.
class StageSampleTest {
    private static final ClusterSpec CLUSTER = new ClusterSpec(DeviceSpec.named("a100-80gb"), 8);

    private static Recompute recompute(String word) {
        return switch (word) {
            case "full" -> Recompute.full();
            case "selective" -> Recompute.selective();
            default -> Recompute.none();
        };
    }

    private static Strategy strategy(String schedule, int tensor, String recompute, long size) {
        return new Strategy(
                2, tensor, 4, 1, true, 1, schedule, size, recompute(recompute), Precision.BF16);
    }

    @ParameterizedTest
    @CsvSource({"1f1b, 1, none", "1f1b, 2, full", "zb-h1, 2, selective", "zb-h1, 1, full"})
    void every_device_does_the_actions_of_its_own_stage(
            String schedule, int tensor, String recompute) {
        ExecutionPlan plan =
                StageSample.plan(
                        ActivationBytesTest.MODEL, strategy(schedule, tensor, recompute, 1));
        SimulatedStep step = Simulator.run(plan, CLUSTER);
        for (int stage = 0; stage < 4; stage++) {
            for (ActionSpan span : step.devices().get(stage).actions()) {
                assertThat(span.action()).startsWith("" + stage);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "1f1b, 1, none, 2",
        "1f1b, 2, full, 4",
        "zb-h1, 2, selective, 2",
        "zb-h1, 1, none, 8",
    })
    void larger_micro_batches_take_what_a_plan_of_them_takes(
            String schedule, int tensor, String recompute, long size) {
        Strategy one = strategy(schedule, tensor, recompute, 1);
        Map<String, Double> sized =
                busy(MicroBatchSize.times(StageSample.plan(ActivationBytesTest.MODEL, one), size));
        LayeredModel small = ActivationBytesTest.MODEL.withBlocks(5);
        Map<String, Double> compiled =
                busy(
                        Compiler.compile(
                                        small.model(),
                                        strategy(schedule, tensor, recompute, size)
                                                .sample(
                                                        small,
                                                        List.of("norm2a", "norm3a", "norm5a"))
                                                .batch(4 * size))
                                .plan());
        assertThat(sized.keySet()).isEqualTo(compiled.keySet());
        sized.forEach((action, seconds) ->
                assertWithMessage(action)
                        .that(seconds)
                        .isWithin(1e-9)
                        .of(compiled.getOrDefault(action, Double.NaN)));
    }

    private static Map<String, Double> busy(ExecutionPlan plan) {
        SimulatedStep step = Simulator.run(plan, CLUSTER);
        Map<String, Double> busy = new TreeMap<>();
        step.devices()
                .forEach(device ->
                        device.actions()
                                .forEach(span ->
                                        busy.merge(span.action(), span.busy(), Double::sum)));
        busy.put("step", step.seconds());
        return busy;
    }
}
