package dev.partita.runtime.train;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.Truth.assertWithMessage;
import static dev.partita.compiler.CompileOptions.on;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.features;
import static dev.partita.dsl.layer.Layers.linear;
import static dev.partita.dsl.layer.Layers.model;
import static dev.partita.dsl.layer.Layers.relu;
import static dev.partita.dsl.layer.Layers.sgd;
import static dev.partita.runtime.train.Words.train;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.Compiler;
import dev.partita.dsl.layer.Loss;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import dev.partita.kernels.KernelLibraries;
import dev.partita.runtime.data.DataSplit;
import dev.partita.runtime.data.GeneratedDigits;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Training that ends by itself, and epochs that leave nothing out.
final class EarlyStoppingTest {
    private static final DataSplit DIGITS = GeneratedDigits.of(1, 100, 60);

    @Test
    void training_stops_when_tests_become_no_better_and_has_the_best_weights() {
        List<Double> heard = new ArrayList<>();
        Training training = training(32, 0.3, crossEntropy());
        TrainingRun run =
                training.stoppingEarly(2)
                        .listener(
                                new TrainingListener() {
                                    @Override
                                    public void tested(int epoch, double accuracy) {
                                        heard.add(accuracy);
                                    }
                                })
                        .epochs(60);
        double best = heard.stream().mapToDouble(a -> a).max().orElseThrow();
        int bestEpoch = heard.indexOf(best) + 1;
        assertThat(run.stoppedEarly()).isTrue();
        assertThat(run.interrupted()).isFalse();
        assertThat(heard).hasSize(bestEpoch + 2);
        assertThat(run.epochs()).isEqualTo(heard.size());
        assertThat(run.testAccuracy().orElseThrow()).isEqualTo(best);
        assertThat(run.toString()).contains("(stopped early)");
        TrainingRun until = training.epochs(bestEpoch);
        assertThat(until.testAccuracy().orElseThrow()).isEqualTo(best);
        run.weights()
                .forEach((name, weight) -> {
                    var expected = until.weights().get(name);
                    assertWithMessage(name)
                            .that(weight.toArray())
                            .isEqualTo(expected == null ? null : expected.toArray());
                });
    }

    @Test
    void a_run_that_ends_before_its_patience_has_its_best_weights_too() {
        TrainingRun run = training(32, 0.3, crossEntropy()).stoppingEarly(50).epochs(3);
        assertThat(run.stoppedEarly()).isFalse();
        assertThat(run.epochs()).isEqualTo(3);
        assertThat(run.testAccuracy().isPresent()).isTrue();
    }

    @Test
    void there_is_no_early_stop_without_a_test_or_patience() {
        Compilation plan = plan(32, 0.3, crossEntropy());
        var untested = train(plan, DIGITS.train()).stoppingEarly(1);
        var problem = assertThrows(ProblemException.class, () -> untested.epochs(1));
        assertThat(problem.problem().code()).isEqualTo(ProblemCode.INVALID_ARGUMENT);
        assertThrows(ProblemException.class, () -> train(plan, DIGITS).stoppingEarly(0));
    }

    @Test
    void every_example_counts_once_an_epoch_however_large_the_last_batch_is() {
        // without learning, losses of batches are those of the first weights
        Loss ignoring = crossEntropy().ignoring(-100);
        List<Double> whole = training(100, 0, crossEntropy()).steps(1).losses();
        List<Double> parts = training(64, 0, ignoring).everyExample().epochs(1).losses();
        assertThat(parts).hasSize(2);
        assertThat((64 * parts.get(0) + 36 * parts.get(1)) / 100)
                .isWithin(1e-6)
                .of(whole.getFirst());
        assertThat(training(64, 0, ignoring).epochs(1).losses()).hasSize(1);
    }

    @Test
    void every_example_needs_a_label_that_does_not_count() {
        var problem =
                assertThrows(
                        ProblemException.class,
                        () -> training(64, 0, crossEntropy()).everyExample().epochs(1));
        assertThat(problem.problem().code()).isEqualTo(ProblemCode.UNSUPPORTED);
        assertThat(problem.problem().fix()).contains("ignoring(-100)");
    }

    private static Training training(long batch, double rate, Loss loss) {
        return train(plan(batch, rate, loss), DIGITS).kernels(KernelLibraries.reference());
    }

    private static Compilation plan(long batch, double rate, Loss loss) {
        var net =
                model("mlp", features("pixels", 784))
                        .then(linear("hidden", 12))
                        .then(relu())
                        .then(linear("classes", 10))
                        .loss(loss);
        return Compiler.compile(
                net,
                on(Mesh.of("data", 2))
                        .shard("batch")
                        .over("data")
                        .batch(batch)
                        .optimizer(sgd(rate)));
    }
}
