package dev.partita.runtime.train;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.Truth.assertWithMessage;
import static dev.partita.compiler.CompileOptions.on;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.features;
import static dev.partita.dsl.layer.Layers.linear;
import static dev.partita.dsl.layer.Layers.model;
import static dev.partita.dsl.layer.Layers.tanh;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.Compiler;
import dev.partita.compiler.pipeline.PipelineSchedule;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.example.RandomSchedule;
import dev.partita.kernels.KernelLibraries;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// Whatever is typed as a schedule: it ends in a plan that is verified, and if there is time proved
/// to equal one device, or in a Problem; never in a hang, never in an exception without a code.
///
/// For a minute: `-Dproperty.seconds=60`. To replay one: `-Dproperty.first=SEED
/// -Dproperty.seconds=0`.
final class RandomSchedulesTest {
    private static final long FIRST = Long.getLong("property.first", 0);
    private static final Duration TIME = Duration.ofSeconds(Long.getLong("property.seconds", 3));

    /// Longer than the slowest takes on a busy machine.
    private static final Duration HANGS = Duration.ofSeconds(60);

    /// One in so many plans is proved.
    private static final int PROVED = 4;

    @Test
    void a_schedule_with_mistakes_is_a_verified_plan_or_a_problem() {
        Map<ProblemCode, Integer> problems = new EnumMap<>(ProblemCode.class);
        int plans = 0;
        long end = System.nanoTime() + TIME.toNanos();
        long seed = FIRST;
        do {
            String text = RandomSchedule.draw(seed);
            String about = "seed " + seed + ":\n" + text;
            boolean proves = plans % PROVED == 0;
            Optional<ProblemCode> problem =
                    assertTimeoutPreemptively(HANGS, () -> problemOf(text, proves, about), about);
            problem.ifPresent(code -> problems.merge(code, 1, Integer::sum));
            plans += problem.isPresent() ? 0 : 1;
            seed++;
        } while (System.nanoTime() < end);
        if (seed - FIRST > 100) {
            assertWithMessage("schedules that run").that(plans).isGreaterThan(0);
            assertThat(problems.keySet())
                    .containsAtLeast(ProblemCode.SCHEDULE_REJECTED, ProblemCode.INVALID_ARGUMENT);
        }
    }

    private static Optional<ProblemCode> problemOf(String text, boolean proves, String about) {
        Compilation plan;
        try {
            PipelineSchedule schedule = PipelineSchedule.parse(text);
            CompileOptions options =
                    on(Mesh.of("pipe", schedule.devices().size()))
                            .batch(2L * schedule.microBatches())
                            .microBatches(schedule.microBatches())
                            .dtype(Dtype.F64);
            plan =
                    Compiler.compile(
                            NET, options.stages(schedule.stages()).schedule(schedule).over("pipe"));
        } catch (ProblemException problem) {
            ProblemCode code = problem.problems().getFirst().code();
            assertWithMessage("%s\n%s", about, problem)
                    .that(code)
                    .isAnyOf(
                            ProblemCode.SCHEDULE_REJECTED,
                            ProblemCode.INVALID_ARGUMENT,
                            ProblemCode.STAGE_CUT);
            return Optional.of(code);
        }
        if (proves) {
            Proof proof = Proof.of(plan, KernelLibraries.reference(), 1, 1);
            assertWithMessage("%s\n%s", about, proof.describe()).that(proof.equal()).isTrue();
        }
        return Optional.empty();
    }

    private static final Model NET = net();

    private static Model net() {
        Model net = model("deep", features("x", 3));
        for (int i = 0; i < 9; i++) {
            net = net.then(linear("layer" + i, 3)).then(tanh());
        }
        return net.then(linear("classes", 3)).loss(crossEntropy());
    }
}
