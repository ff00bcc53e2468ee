package dev.partita.compiler.simulate;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.Truth.assertWithMessage;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.features;
import static dev.partita.dsl.layer.Layers.linear;
import static dev.partita.dsl.layer.Layers.model;
import static dev.partita.dsl.layer.Layers.relu;

import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.Compiler;
import dev.partita.compiler.Recompute;
import dev.partita.compiler.cost.ClusterSpec;
import dev.partita.compiler.cost.DeviceSpec;
import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.compiler.plan.Step;
import dev.partita.compiler.simulate.SimulatedStep.Span;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.mesh.Mesh;
import java.util.List;
import org.junit.jupiter.api.Test;

class SimulatorTest {
    private static final ClusterSpec CLUSTER = new ClusterSpec(DeviceSpec.named("a100-80gb"), 8);

    private static Model network() {
        Model net = model("net", features("x", 4096));
        for (String layer : List.of("a", "b", "c", "d", "e", "f")) {
            net = net.then(linear(layer, 4096)).then(relu());
        }
        return net.then(linear("classes", 16)).loss(crossEntropy());
    }

    private static ExecutionPlan plan(int devices, long batch) {
        CompileOptions options = CompileOptions.on(Mesh.of("data", devices)).batch(batch);
        return Compiler.compile(network(), options.shard("batch").over("data")).plan();
    }

    private static double computing(ExecutionPlan plan) {
        return plan.program(0).steps().stream()
                .filter(Step.Compute.class::isInstance)
                .mapToDouble(
                        step -> CLUSTER.roofline().seconds(plan.program(0), (Step.Compute) step))
                .sum();
    }

    @Test
    void one_device_takes_as_long_as_its_steps_together() {
        ExecutionPlan plan = plan(1, 512);
        SimulatedStep step = Simulator.run(plan, CLUSTER);
        assertThat(step.seconds()).isWithin(1e-12).of(computing(plan));
        assertThat(step.idle()).isWithin(1e-9).of(0);
    }

    @Test
    void a_stream_does_one_thing_at_a_time_and_collectives_overlap_with_computing() {
        SimulatedStep step = Simulator.run(plan(16, 16 * 512), CLUSTER);
        List<Span> spans = step.devices().getFirst().spans();
        for (String stream : List.of("compute", "data")) {
            List<Span> own = spans.stream().filter(s -> s.stream().equals(stream)).toList();
            assertWithMessage(stream).that(own.size()).isGreaterThan(1);
            for (int i = 1; i < own.size(); i++) {
                assertWithMessage("%s", own.get(i))
                        .that(own.get(i).start())
                        .isAtLeast(own.get(i - 1).end());
            }
        }
        double sum = spans.stream().mapToDouble(s -> s.end() - s.start()).sum();
        assertThat(step.seconds()).isLessThan(sum);
        assertThat(step.seconds()).isAtLeast(step.devices().getFirst().computing());
    }

    @Test
    void sixteen_thousand_devices_are_simulated_as_one() {
        SimulatedStep few = Simulator.run(plan(8, 8 * 64), CLUSTER);
        SimulatedStep many = Simulator.run(plan(16_384, 16_384 * 64), CLUSTER);
        assertThat(many.devices()).hasSize(1);
        assertThat(many.seconds()).isGreaterThan(few.seconds());
    }

    @Test
    void what_is_computed_again_counts_for_the_hardware_alone() {
        CompileOptions options = CompileOptions.on(Mesh.ONE_DEVICE).batch(512);
        DeviceSpec device = CLUSTER.device();
        ExecutionPlan kept = Compiler.compile(network(), options).plan();
        ExecutionPlan again =
                Compiler.compile(network(), options.recompute(Recompute.full())).plan();
        Utilisation plain = Utilisation.of(kept, Simulator.run(kept, CLUSTER), device);
        SimulatedStep step = Simulator.run(again, CLUSTER);
        Utilisation recomputed = Utilisation.of(again, step, device);
        assertThat(plain.mfu()).isWithin(1e-12).of(plain.hfu());
        assertThat(recomputed.hfu()).isGreaterThan(recomputed.mfu());
        double model = plain.modelFlops() * Simulator.run(kept, CLUSTER).seconds();
        assertThat(recomputed.modelFlops() * step.seconds() / model).isWithin(1e-9).of(1);
    }
}
