package dev.partita.shell.bench;

import static com.google.common.truth.Truth.assertThat;

import dev.partita.compiler.Precision;
import dev.partita.compiler.cost.ClusterSpec;
import dev.partita.compiler.cost.DeviceSpec;
import dev.partita.compiler.cost.Efficiency;
import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.compiler.plan.Timeline;
import dev.partita.compiler.simulate.Simulator;
import java.util.List;
import org.junit.jupiter.api.Test;

final class StepFitTest {
    private static final double START = 1e-6;

    @Test
    void a_step_that_was_simulated_gives_back_the_parts_it_was_simulated_with() {
        DeviceSpec device = DeviceSpec.named("zen4-2-cores");
        var known = new Efficiency(0.6, 1, 64, 0.3, 0, 0.5, START);
        ExecutionPlan plan = new Setting(Workload.GPT, 2, Precision.F32, 1).compile().plan();
        Timeline timeline =
                Simulator.run(plan, new ClusterSpec(device.with(known), 1)).timeline(plan, "known");
        DeviceSpec bare = device.with(new Efficiency(1, 1, 0, 1, 0, 1, 0));
        Efficiency found = StepFit.of(plan, List.of(timeline), bare, START);
        assertThat(found.fill()).isEqualTo(64);
        assertThat(found.contraction()).isWithin(0.03).of(0.6);
        assertThat(found.attention()).isWithin(0.03).of(0.3);
        assertThat(found.memory()).isWithin(0.01).of(0.5);
    }

    @Test
    void contractions_of_short_sums_may_be_as_fast_as_those_of_long_ones() {
        DeviceSpec device = DeviceSpec.named("zen4-2-cores");
        var known = new Efficiency(0.8, 1, 0, 0.4, 0, 0.7, START);
        ExecutionPlan plan = new Setting(Workload.GPT, 2, Precision.F32, 1).compile().plan();
        Timeline timeline =
                Simulator.run(plan, new ClusterSpec(device.with(known), 1)).timeline(plan, "known");
        DeviceSpec bare = device.with(new Efficiency(1, 1, 0, 1, 0, 1, 0));
        assertThat(StepFit.of(plan, List.of(timeline), bare, START).fill()).isEqualTo(0);
    }
}
