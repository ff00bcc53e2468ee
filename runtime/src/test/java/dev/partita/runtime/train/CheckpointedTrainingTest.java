package dev.partita.runtime.train;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.Truth.assertWithMessage;
import static dev.partita.compiler.CompileOptions.on;
import static dev.partita.dsl.layer.Layers.adam;
import static dev.partita.dsl.layer.Layers.batchNorm;
import static dev.partita.dsl.layer.Layers.cosine;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.dropout;
import static dev.partita.dsl.layer.Layers.features;
import static dev.partita.dsl.layer.Layers.linear;
import static dev.partita.dsl.layer.Layers.model;
import static dev.partita.dsl.layer.Layers.relu;
import static dev.partita.runtime.train.Words.train;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.Compiler;
import dev.partita.compiler.Precision;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import dev.partita.runtime.data.Augmentation;
import dev.partita.runtime.data.DataSplit;
import dev.partita.runtime.data.GeneratedDigits;
import dev.partita.runtime.state.Checkpoint;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A training that was interrupted and goes on is the training that was never interrupted.
final class CheckpointedTrainingTest {
    private static final DataSplit DIGITS = GeneratedDigits.of(1, 160, 60);
    private static final int STEPS = 12;

    @TempDir private Path folder;

    private static Model net() {
        return model("mlp", features("pixels", 784))
                .then(linear("hidden", 16).withoutBias())
                .then(batchNorm("norm"))
                .then(relu())
                .then(dropout(0.2))
                .then(linear("classes", 10))
                .loss(crossEntropy());
    }

    private static Compilation plan(String meshText, UnaryOperator<CompileOptions> more) {
        Mesh mesh = Mesh.parse(meshText);
        var options = on(mesh).batch(32).optimizer(adam(cosine(1e-2, STEPS, 0)));
        options = mesh.has("data") ? options.shard("batch").over("data") : options;
        options = mesh.has("tensor") ? options.shard("hidden").over("tensor") : options;
        return Compiler.compile(net(), more.apply(options));
    }

    private static Compilation plan(String meshText) {
        return plan(meshText, options -> options);
    }

    private static Training training(Compilation plan) {
        return train(plan, DIGITS).augment(Augmentation.shift(2)).seed(5);
    }

    private Training kept(Compilation plan) {
        return training(plan).checkpoint(folder.resolve("run").toString(), 2);
    }

    private static TrainingListener interruptAfter(int steps) {
        return new TrainingListener() {
            @Override
            public void step(Progress progress) {
                if (progress.step() == steps) {
                    Thread.currentThread().interrupt();
                }
            }
        };
    }

    private static List<Double> from(int step, List<Double> values) {
        return values.subList(step - 1, values.size());
    }

    @Test
    void an_interrupted_training_goes_on_bit_by_bit_on_the_same_mesh() {
        Compilation plan = plan("data=2,tensor=2");
        TrainingRun whole = training(plan).steps(STEPS);
        TrainingRun first = kept(plan).listener(interruptAfter(7)).steps(STEPS);
        assertThat(first.interrupted()).isTrue();
        assertThat(first.steps()).isEqualTo(7);
        TrainingRun rest = kept(plan).resume().steps(STEPS);
        assertThat(rest.firstStep()).isEqualTo(8);
        assertThat(rest.steps()).isEqualTo(STEPS);
        assertThat(rest.epochs()).isEqualTo(whole.epochs());
        assertThat(rest.losses()).isEqualTo(from(8, whole.losses()));
        assertThat(rest.gradNorms()).isEqualTo(from(8, whole.gradNorms()));
        assertThat(rest.tests()).isEqualTo(whole.tests().subList(1, whole.tests().size()));
        assertThat(rest.testAccuracy()).isEqualTo(whole.testAccuracy());
        requireSameWeights(rest, whole);
    }

    private static void requireSameWeights(TrainingRun found, TrainingRun expected) {
        assertThat(found.weights().keySet()).isEqualTo(expected.weights().keySet());
        expected.weights()
                .forEach((name, weight) -> {
                    var own = found.weights().get(name);
                    assertWithMessage(name).that(own != null && weight.sameBits(own)).isTrue();
                });
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "data=4", "tensor=2", "data=2,tensor=4"})
    void it_goes_on_nearly_alike_on_another_mesh(String mesh) {
        TrainingRun whole = training(plan("data=2")).steps(STEPS);
        kept(plan("data=2")).steps(6);
        TrainingRun rest = kept(plan(mesh)).resume().steps(STEPS);
        List<Double> expected = from(7, whole.losses());
        for (int i = 0; i < expected.size(); i++) {
            assertThat(rest.losses().get(i)).isWithin(1e-5).of(expected.get(i));
        }
    }

    @Test
    void it_goes_on_from_one_strategy_to_another() {
        TrainingRun whole = training(plan("data=4")).steps(STEPS);
        kept(plan("data=2", options -> options.zero(3).over("data"))).steps(4);
        kept(plan("data=4", options -> options.zero(1).over("data"))).resume().steps(8);
        TrainingRun rest = kept(plan("tensor=2")).resume().steps(STEPS);
        List<Double> expected = from(9, whole.losses());
        for (int i = 0; i < expected.size(); i++) {
            assertThat(rest.losses().get(i)).isWithin(1e-5).of(expected.get(i));
        }
    }

    @Test
    void the_loss_scale_and_its_good_steps_go_on() {
        UnaryOperator<CompileOptions> f16 = options -> options.precision(Precision.F16);
        TrainingRun whole = training(plan("data=2", f16)).steps(STEPS);
        kept(plan("data=2", f16)).steps(5);
        TrainingRun rest = kept(plan("data=2", f16)).resume().steps(STEPS);
        assertThat(rest.losses()).isEqualTo(from(6, whole.losses()));
    }

    @Test
    void early_stopping_goes_on_with_its_best_and_its_patience() {
        Compilation plan = plan("data=2", options -> options.optimizer(adam(0.2)));
        UnaryOperator<Training> early = each -> each.testEvery(2).stoppingEarly(2);
        TrainingRun whole = early.apply(training(plan)).steps(40);
        assertThat(whole.stoppedEarly()).isTrue();
        for (int cut = 3; cut < whole.steps(); cut += 2) {
            early.apply(kept(plan)).listener(interruptAfter(cut)).steps(40);
            TrainingRun rest = early.apply(kept(plan).resume()).steps(40);
            assertThat(rest.stoppedEarly()).isTrue();
            assertThat(rest.steps()).isEqualTo(whole.steps());
            assertThat(rest.testAccuracy()).isEqualTo(whole.testAccuracy());
            requireSameWeights(rest, whole);
            delete();
        }
    }

    private void delete() {
        try (var all = Files.walk(folder.resolve("run"))) {
            all.sorted(Comparator.reverseOrder()).forEach(each -> each.toFile().delete());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void a_checkpoint_is_there_before_the_first_step_and_after_every_epoch() {
        var heard = new ArrayList<Long>();
        Path run = folder.resolve("run");
        training(plan("data=2"))
                .checkpoint(run.toString())
                .listener(
                        new TrainingListener() {
                            @Override
                            public void step(Progress progress) {
                                heard.add(Checkpoint.open(run).point().step());
                            }
                        })
                .steps(STEPS);
        assertThat(heard)
                .containsExactly(0L, 0L, 0L, 0L, 0L, 5L, 5L, 5L, 5L, 5L, 10L, 10L)
                .inOrder();
        assertThat(Checkpoint.open(run).point().step()).isEqualTo(STEPS);
    }

    @Test
    void a_training_that_was_done_has_nothing_left_to_do() {
        TrainingRun whole = kept(plan("data=2")).steps(6);
        TrainingRun rest = kept(plan("data=2")).resume().steps(6);
        assertThat(rest.losses()).isEmpty();
        assertThat(rest.steps()).isEqualTo(6);
        assertThat(rest.testAccuracy()).isEqualTo(whole.testAccuracy());
    }

    @Test
    void what_changed_is_allowed_and_said() {
        kept(plan("data=2")).steps(2);
        var heard = new ArrayList<String>();
        kept(plan("data=2", options -> options.optimizer(adam(1e-3)).batch(16)))
                .resume()
                .listener(
                        new TrainingListener() {
                            @Override
                            public void resumed(long step, List<String> changes) {
                                heard.add("after " + step);
                                heard.addAll(changes);
                            }
                        })
                .steps(3);
        assertThat(heard)
                .containsExactly(
                        "after 2",
                        "optimizer adam cosine 0.01 to 0.0 in 12 is now adam 0.001",
                        "batch 32 is now 16")
                .inOrder();
    }

    private static Problem refused(Training training) {
        return assertThrows(ProblemException.class, () -> training.steps(STEPS)).problem();
    }

    @Test
    void what_would_be_another_training_is_refused() {
        Compilation plan = plan("data=2");
        assertThat(refused(kept(plan).resume()).code()).isEqualTo(ProblemCode.CHECKPOINT_MISSING);
        kept(plan).steps(3);
        Problem taken = refused(kept(plan));
        assertThat(taken.code()).isEqualTo(ProblemCode.INVALID_ARGUMENT);
        assertThat(taken.fix()).contains("resume");
        Problem seed = refused(kept(plan).seed(6).resume());
        assertThat(seed.fix()).isEqualTo("seed 5");
        Training others =
                train(plan, GeneratedDigits.of(1, 128, 60))
                        .seed(5)
                        .checkpoint(folder.resolve("run").toString())
                        .resume();
        assertThat(refused(others).code()).isEqualTo(ProblemCode.CHECKPOINT_MISMATCH);
        Compilation batch = plan("data=2", options -> options.batch(40));
        assertThat(refused(kept(batch).resume()).fix()).isEqualTo("a batch of 32");
        assertThrows(ProblemException.class, () -> training(plan).resume());
        assertThrows(ProblemException.class, () -> training(plan).checkpoint("run", 0));
        assertThat(Checkpoint.open(folder.resolve("run")).point().step()).isEqualTo(3);
    }
}
