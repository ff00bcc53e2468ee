package dev.partita.compiler.search;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.Truth.assertWithMessage;
import static dev.partita.compiler.CompileOptions.on;
import static dev.partita.dsl.layer.Layers.attention;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.embedding;
import static dev.partita.dsl.layer.Layers.feedForward;
import static dev.partita.dsl.layer.Layers.layerNorm;
import static dev.partita.dsl.layer.Layers.model;
import static dev.partita.dsl.layer.Layers.residual;
import static dev.partita.dsl.layer.Layers.tiedTo;
import static dev.partita.dsl.layer.Layers.tokens;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.common.collect.Range;
import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.Compiler;
import dev.partita.compiler.cost.ClusterSpec;
import dev.partita.compiler.cost.DeviceSpec;
import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.compiler.plan.MemoryBytes;
import dev.partita.compiler.plan.Program;
import dev.partita.compiler.simulate.SimulatedStep;
import dev.partita.compiler.simulate.Simulator;
import dev.partita.dsl.layer.Layer;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The plan of two micro-batches against the plan of all of them, where that can be had.
final class RepeatedStepTest {
    private static final ClusterSpec CLUSTER = new ClusterSpec(DeviceSpec.named("a100-80gb"), 8);
    private static final Model TEXT = text();

    private static Model text() {
        List<? extends Layer> blocks =
                IntStream.rangeClosed(1, 8)
                        .boxed()
                        .flatMap(i ->
                                Stream.of(
                                        residual(
                                                layerNorm("a" + i),
                                                attention("mix" + i, 16).causal()),
                                        residual(layerNorm("b" + i), feedForward("mlp" + i, 4096))))
                        .toList();
        return model("text", tokens("sequence", 512, 1024))
                .then(embedding("model", 1024))
                .then(blocks)
                .then(layerNorm("norm"))
                .then(tiedTo("model"))
                .loss(crossEntropy());
    }

    private static CompileOptions options(int pipe, int stages, String schedule, int microBatches) {
        return on(Mesh.of("pipe", pipe).by("tensor", 2))
                .shard("heads")
                .over("tensor")
                .shard("ffn")
                .over("tensor")
                .batch(4L * microBatches)
                .microBatches(microBatches)
                .stages(stages)
                .schedule(schedule)
                .over("pipe");
    }

    @ParameterizedTest
    @CsvSource({
        "2, 2, sequential, 5",
        "2, 2, gpipe, 4",
        "2, 2, 1f1b, 4",
        "4, 4, 1f1b, 8",
        "4, 4, 1f1b, 3",
        "2, 4, interleaved, 4",
        "4, 4, zb-h1, 8",
        "4, 4, zb-h2, 8",
        "2, 4, zb-v, 6",
        "2, 4, dualpipe-v, 6",
    })
    void it_is_as_the_plan_of_all_micro_batches(
            int pipe, int stages, String schedule, int microBatches) {
        CompileOptions options = options(pipe, stages, schedule, microBatches);
        ExecutionPlan all = Compiler.compile(TEXT, options).plan();
        RepeatedStep repeated = RepeatedStep.of(TEXT, options, CLUSTER);
        assertThat(repeated.roles()).hasSize(all.programs().size());
        for (int i = 0; i < all.programs().size(); i++) {
            Program program = all.programs().get(i);
            RepeatedRole role = repeated.roles().get(i);
            assertThat(role.role()).isEqualTo(all.role(i).toString());
            assertWithMessage(role.role())
                    .that(role.collectives())
                    .isEqualTo(program.collectives().count());
            assertWithMessage(role.role()).that(role.sentBytes()).isEqualTo(program.sentBytes());
            assertWithMessage(role.role())
                    .that(role.steps() / (double) program.steps().size())
                    .isWithin(0.01)
                    .of(1);
            MemoryBytes memory = MemoryBytes.of(program);
            assertWithMessage("%s %s", role.role(), memory)
                    .that(role.memory().total() / (double) program.arenaBytes())
                    .isIn(Range.closed(0.95, 1.15));
        }
        SimulatedStep simulated = Simulator.run(all, CLUSTER);
        assertThat(repeated.seconds() / simulated.seconds()).isWithin(0.03).of(1);
        assertThat(repeated.bubble()).isWithin(0.03).of(simulated.bubble());
    }

    @Test
    void without_stages_it_is_refused() {
        ProblemException problem =
                assertThrows(
                        ProblemException.class,
                        () -> RepeatedStep.of(TEXT, on(Mesh.ONE_DEVICE), CLUSTER));
        assertThat(problem.problem().code()).isEqualTo(ProblemCode.UNSUPPORTED);
    }
}
