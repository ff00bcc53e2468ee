package dev.partita.models;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.Truth.assertWithMessage;

import dev.partita.compiler.Compiler;
import dev.partita.compiler.Precision;
import dev.partita.compiler.Recompute;
import dev.partita.compiler.cost.ClusterSpec;
import dev.partita.compiler.cost.DeviceSpec;
import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.compiler.search.Estimate;
import dev.partita.compiler.search.LayeredModel;
import dev.partita.compiler.search.Strategy;
import dev.partita.compiler.simulate.SimulatedStep;
import dev.partita.compiler.simulate.Simulator;
import dev.partita.compiler.simulate.Utilisation;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Estimates from small plans beside the whole plan.
class EstimateTest {
    private static final ClusterSpec CLUSTER = new ClusterSpec(DeviceSpec.named("a100-80gb"), 8);
    private static final LayeredModel MODEL =
            Gpt.layered(Transformer.of(16, 2048, 16, 8192, 16_384, 1024));
    private static final long BATCH = 32;

    private static Strategy strategy(
            int data, int tensor, int pipe, int chunks, int zero, String schedule) {
        return new Strategy(
                data,
                tensor,
                pipe,
                chunks,
                true,
                zero,
                schedule,
                2,
                Recompute.none(),
                Precision.BF16);
    }

    private static final List<Strategy> STRATEGIES =
            List.of(
                    strategy(2, 2, 1, 1, 1, "1f1b"),
                    strategy(2, 1, 4, 1, 0, "1f1b"),
                    strategy(1, 4, 4, 1, 0, "gpipe"),
                    strategy(1, 2, 4, 2, 0, "interleaved"),
                    strategy(1, 1, 4, 1, 0, "zb-h1"));

    @Test
    void an_estimate_agrees_with_the_whole_plan() {
        for (Strategy strategy : STRATEGIES) {
            Estimate estimate = Estimate.of(MODEL, strategy, BATCH, CLUSTER);
            ExecutionPlan plan =
                    Compiler.compile(MODEL.model(), strategy.options(MODEL, BATCH)).plan();
            SimulatedStep step = Simulator.run(plan, CLUSTER);
            Utilisation use = Utilisation.of(plan, step, CLUSTER.device());
            assertWithMessage("%s: seconds", strategy)
                    .that(estimate.seconds() / step.seconds())
                    .isWithin(0.05)
                    .of(1);
            assertWithMessage("%s: flops", strategy)
                    .that(
                            estimate.use().modelFlops()
                                    * estimate.seconds()
                                    / use.modelFlops()
                                    / step.seconds())
                    .isWithin(1e-6)
                    .of(1);
            assertWithMessage("%s: bytes", strategy)
                    .that((double) estimate.memory().total() / plan.peakBytes())
                    .isWithin(0.1)
                    .of(1);
            assertWithMessage("%s: bubble", strategy)
                    .that(estimate.bubble())
                    .isWithin(0.03)
                    .of(step.bubble());
        }
    }

    @Test
    void more_micro_batches_make_the_bubble_smaller() {
        Strategy strategy = STRATEGIES.get(1);
        double few = Estimate.of(MODEL, strategy, 16, CLUSTER).bubble();
        double many = Estimate.of(MODEL, strategy, 256, CLUSTER).bubble();
        assertThat(few).isGreaterThan(2 * many);
        assertThat(many).isGreaterThan(0);
    }
}
