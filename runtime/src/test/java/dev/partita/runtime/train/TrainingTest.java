package dev.partita.runtime.train;

import static com.google.common.truth.Truth.assertThat;
import static dev.partita.compiler.CompileOptions.on;
import static dev.partita.dsl.layer.Layers.adam;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.features;
import static dev.partita.dsl.layer.Layers.linear;
import static dev.partita.dsl.layer.Layers.model;
import static dev.partita.dsl.layer.Layers.relu;
import static dev.partita.runtime.train.Words.train;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.Compiler;
import dev.partita.compiler.Precision;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import dev.partita.kernels.KernelLibraries;
import dev.partita.runtime.data.Augmentation;
import dev.partita.runtime.data.DataSplit;
import dev.partita.runtime.data.GeneratedDigits;
import java.util.ArrayList;
import org.junit.jupiter.api.Test;

final class TrainingTest {
    private static final DataSplit DIGITS = GeneratedDigits.of(1, 640, 100);

    @Test
    void a_network_learns_digits_and_is_tested_with_others() {
        TrainingRun run = training("data=2").epochs(6);
        assertThat(run.steps()).isEqualTo(60);
        assertThat(run.epochs()).isEqualTo(6);
        assertThat(run.losses()).hasSize(60);
        assertThat(run.gradNorms()).hasSize(60);
        assertThat(run.stepMillis()).hasSize(60);
        assertThat(run.losses().getLast()).isLessThan(run.losses().getFirst() / 2);
        assertThat(run.testAccuracy().orElseThrow()).isGreaterThan(0.5);
        assertThat(run.interrupted()).isFalse();
        assertThat(run.toString().length()).isAtMost(80);
    }

    @Test
    void a_network_learns_as_well_in_half_floats() {
        DataSplit digits = GeneratedDigits.of(1, 6400, 1000);
        double full = accuracy(Precision.F32, digits);
        assertThat(full).isGreaterThan(0.9);
        assertThat(accuracy(Precision.BF16, digits)).isWithin(0.01).of(full);
        assertThat(accuracy(Precision.F16, digits)).isWithin(0.01).of(full);
    }

    private static double accuracy(Precision precision, DataSplit digits) {
        Model mlp =
                model("mlp", features("x", 784))
                        .then(linear("hidden", 64))
                        .then(relu())
                        .then(linear("classes", 10))
                        .loss(crossEntropy());
        var options = on(Mesh.parse("data=2")).batch(64).precision(precision);
        Compilation plan =
                Compiler.compile(mlp, options.shard("batch").over("data").optimizer(adam(1e-3)));
        return Training.of(plan, digits.train(), KernelLibraries.cpu())
                .test(digits.test())
                .epochs(3)
                .testAccuracy()
                .orElseThrow();
    }

    @Test
    void the_losses_are_nearly_the_same_on_every_mesh_and_the_same_bits_again() {
        Training training = training("data=2,tensor=2").augment(Augmentation.shift(2));
        TrainingRun four = training.steps(15);
        TrainingRun again = training.steps(15);
        TrainingRun one = training("").augment(Augmentation.shift(2)).steps(15);
        assertThat(again.losses()).isEqualTo(four.losses());
        assertThat(again.gradNorms()).isEqualTo(four.gradNorms());
        for (int i = 0; i < 15; i++) {
            assertThat(four.losses().get(i)).isWithin(1e-4).of(one.losses().get(i));
        }
        assertThat(training.seed(2).steps(1).losses()).isNotEqualTo(four.losses().subList(0, 1));
    }

    /// Until the JIT has compiled a kernel, its vectors are objects: it is given time.
    @Test
    void memory_is_what_the_plan_says_and_steps_leave_no_garbage() {
        TrainingRun run = training("data=2,tensor=2").steps(40);
        for (int i = 0; i < 200 && run.allocatedBytesPerStep() >= 1024; i++) {
            run = training("data=2,tensor=2").steps(40);
        }
        assertThat(run.peakBytesPerDevice()).hasSize(4);
        assertThat(run.peakBytesPerDevice()).isEqualTo(run.predictedPeakBytesPerDevice());
        assertThat(run.allocatedBytesPerStep()).isLessThan(1024);
    }

    @Test
    void a_listener_hears_every_step_and_every_test() {
        var heard = new ArrayList<String>();
        training("data=2")
                .listener(
                        new TrainingListener() {
                            @Override
                            public void step(Progress progress) {
                                heard.add("step " + progress.step() + "/" + progress.steps());
                            }

                            @Override
                            public void tested(int epoch, double accuracy) {
                                heard.add("tested " + epoch);
                            }
                        })
                .steps(12);
        assertThat(heard).hasSize(14);
        assertThat(heard.subList(9, 12))
                .containsExactly("step 10/12", "tested 1", "step 11/12")
                .inOrder();
        assertThat(heard.getLast()).isEqualTo("tested 2");
    }

    @Test
    void an_interrupt_ends_training_and_returns_what_was_done() {
        TrainingRun run =
                training("data=2,tensor=2")
                        .listener(
                                new TrainingListener() {
                                    @Override
                                    public void step(Progress progress) {
                                        if (progress.step() == 5) {
                                            Thread.currentThread().interrupt();
                                        }
                                    }
                                })
                        .epochs(100);
        assertThat(run.interrupted()).isTrue();
        assertThat(Thread.interrupted()).isFalse();
        assertThat(run.losses()).hasSize(5);
        assertThat(run.testAccuracy().isPresent()).isFalse();
        assertThat(run.weights()).hasSize(4);
    }

    @Test
    void examples_that_do_not_fit_the_model_are_refused_before_anything_runs() {
        Compilation other =
                Compiler.compile(
                        model("other", features("x", 100))
                                .then(linear("classes", 10))
                                .loss(crossEntropy()),
                        on(Mesh.ONE_DEVICE));
        var shape = assertThrows(ProblemException.class, () -> train(other, DIGITS).steps(1));
        assertThat(shape.problem().code()).isEqualTo(ProblemCode.SHAPE_MISMATCH);
        Compilation few =
                Compiler.compile(
                        model("few", features("x", 784))
                                .then(linear("classes", 9))
                                .loss(crossEntropy()),
                        on(Mesh.ONE_DEVICE));
        var classes = assertThrows(ProblemException.class, () -> train(few, DIGITS).steps(1));
        assertThat(classes.problem().code()).isEqualTo(ProblemCode.LABEL_OUT_OF_RANGE);
        assertThrows(ProblemException.class, () -> training("data=2").epochs(0));
    }

    private static Training training(String meshText) {
        Mesh mesh = Mesh.parse(meshText);
        var options = on(mesh).batch(64).optimizer(adam(1e-2));
        if (mesh.has("data")) {
            options = options.shard("batch").over("data");
        }
        if (mesh.has("tensor")) {
            options = options.shard("hidden").over("tensor");
        }
        var net =
                model("mlp", features("pixels", 784))
                        .then(linear("hidden", 16))
                        .then(relu())
                        .then(linear("classes", 10))
                        .loss(crossEntropy());
        return train(Compiler.compile(net, options), DIGITS).kernels(KernelLibraries.reference());
    }
}
