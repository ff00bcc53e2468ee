package dev.partita.runtime.train;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.Truth.assertWithMessage;
import static dev.partita.compiler.CompileOptions.on;
import static dev.partita.dsl.layer.Layers.adam;
import static dev.partita.dsl.layer.Layers.batchNorm;
import static dev.partita.dsl.layer.Layers.conv2d;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.dropout;
import static dev.partita.dsl.layer.Layers.flatten;
import static dev.partita.dsl.layer.Layers.image;
import static dev.partita.dsl.layer.Layers.linear;
import static dev.partita.dsl.layer.Layers.maxPool;
import static dev.partita.dsl.layer.Layers.model;
import static dev.partita.dsl.layer.Layers.relu;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.Compiler;
import dev.partita.compiler.Precision;
import dev.partita.compiler.Recompute;
import dev.partita.compiler.plan.Binding;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.kernels.KernelLibraries;
import dev.partita.runtime.data.DataSplit;
import dev.partita.runtime.data.GeneratedDigits;
import dev.partita.runtime.execute.Session;
import dev.partita.runtime.execute.SessionOptions;
import dev.partita.runtime.state.HostTensor;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Training from the first device of an axis, as `torch.nn.DataParallel` does it.
final class DataParallelTest {
    private static final Model NET =
            model("convnet", image("pixels", 1, 12, 12))
                    .then(conv2d("c1", 4, 3))
                    .then(relu())
                    .then(maxPool(2))
                    .then(flatten())
                    .then(dropout(0.25))
                    .then(linear("hidden", 8))
                    .then(relu())
                    .then(linear("classes", 4))
                    .loss(crossEntropy());

    private static CompileOptions options(String mesh) {
        CompileOptions options = on(Mesh.parse(mesh)).dataParallel().over("data");
        options = mesh.contains("tensor") ? options.shard("hidden").over("tensor") : options;
        return options.batch(12).optimizer(adam(1e-2));
    }

    private static Proof prove(Model model, CompileOptions options) {
        Compilation plan = Compiler.compile(model, options);
        return Proof.of(plan, KernelLibraries.reference(), 3, 3);
    }

    @ParameterizedTest(name = "mesh {0}")
    @ValueSource(strings = {"data=1", "data=2", "data=3", "data=2,tensor=2", "tensor=2,data=4"})
    void it_equals_one_device_in_doubles(String mesh) {
        Proof proof = prove(NET, options(mesh).dtype(Dtype.F64));
        assertWithMessage(proof.describe()).that(proof.equal()).isTrue();
        assertThat(proof.maxRelativeDifference().largest()).isAtMost(1e-10);
        assertThat(proof.peakBytes()).isEqualTo(proof.predictedPeakBytes());
    }

    @Test
    void it_equals_one_device_in_floats_with_fast_kernels() {
        Compilation plan = Compiler.compile(NET, options("data=4"));
        Proof proof = Proof.of(plan, KernelLibraries.cpu(), 3, 3);
        assertThat(proof.maxRelativeDifference().largest()).isAtMost(1e-4);
        assertThat(proof.maxRelativeDifference().largest()).isGreaterThan(0.0);
    }

    @Test
    void it_equals_one_device_with_micro_batches_clipping_and_recomputation() {
        UnaryOperator<CompileOptions> more =
                options -> options.microBatches(2).clipNorm(0.1).recompute(Recompute.full());
        Proof proof = prove(NET, more.apply(options("data=3")).dtype(Dtype.F64));
        assertWithMessage(proof.describe()).that(proof.equal()).isTrue();
    }

    @Test
    void statistics_of_a_batch_norm_are_those_of_the_whole_batch() {
        Model net =
                model("normed", image("pixels", 1, 8, 8))
                        .then(conv2d("c1", 4, 3).withoutBias())
                        .then(batchNorm("norm"))
                        .then(relu())
                        .then(flatten())
                        .then(linear("classes", 4))
                        .loss(crossEntropy());
        Proof proof = prove(net, options("data=3").dtype(Dtype.F64));
        assertWithMessage(proof.describe()).that(proof.equal()).isTrue();
    }

    @Test
    void a_gradient_that_overflows_in_f16_skips_the_update_of_the_one_device_that_has_it() {
        Compilation plan = Compiler.compile(NET, options("data=2").precision(Precision.F16));
        try (var session = open(plan)) {
            session.writeState(
                    "loss-scale",
                    HostTensor.generate(session.readState("loss-scale").type(), _ -> 0x1p40));
            run(session, 1);
            assertThat(session.skippedUpdates()).isGreaterThan(5);
            assertThat(session.readState("good-steps").get(0)).isEqualTo(1);
        }
    }

    private static Session open(Compilation plan) {
        return Session.open(plan.plan(), new SessionOptions(KernelLibraries.reference(), 1));
    }

    private static void run(Session session, int step) {
        fill(session, step);
        session.run();
    }

    private static void fill(Session session, int step) {
        new RandomExamples(1, adam(1e-2).learningRate()).fill(session, step);
    }

    @Test
    void a_number_that_another_device_was_scattered_is_traced_to_its_input_and_changes_nothing() {
        try (var session = open(Compiler.compile(NET, options("data=3")))) {
            run(session, 1);
            List<double[]> before = weights(session);
            fill(session, 2);
            HostTensor pixels = HostTensor.zeros(session.feed().type("pixels"));
            pixels.set(pixels.elements() - 1, Double.NaN);
            session.feed().put("pixels", pixels);
            Problem problem = assertThrows(ProblemException.class, session::run).problem();
            assertThat(problem.code()).isEqualTo(ProblemCode.NOT_FINITE);
            assertThat(problem.print()).contains("first in: input pixels");
            assertSame(before, weights(session));
            run(session, 2);
            assertThat(session.scalar("loss")).isFinite();
        }
    }

    @Test
    void a_number_that_overflows_on_all_devices_is_traced_to_the_layer_where_it_did() {
        try (var session = open(Compiler.compile(NET, options("data=3")))) {
            fill(session, 1);
            HostTensor weight = session.readParameter("hidden.weight");
            session.writeParameter("hidden.weight", HostTensor.generate(weight.type(), _ -> 3e38));
            Problem problem = assertThrows(ProblemException.class, session::run).problem();
            assertThat(problem.print()).contains("first in: einsum");
            assertThat(problem.print()).contains("layer:    hidden\n");
        }
    }

    @Test
    void a_cancelled_step_changes_nothing_and_the_next_one_runs() {
        try (var session = open(Compiler.compile(NET, options("data=4")))) {
            run(session, 1);
            List<double[]> before = weights(session);
            session.cancel();
            fill(session, 2);
            Problem problem = assertThrows(ProblemException.class, session::run).problem();
            assertThat(problem.code()).isEqualTo(ProblemCode.INTERRUPTED);
            assertSame(before, weights(session));
            run(session, 2);
        }
    }

    private static List<double[]> weights(Session session) {
        return session.names(Binding.Parameter.class).stream()
                .map(name -> session.readParameter(name).toArray())
                .toList();
    }

    private static void assertSame(List<double[]> before, List<double[]> after) {
        for (int i = 0; i < before.size(); i++) {
            assertThat(after.get(i)).isEqualTo(before.get(i));
        }
    }

    @Test
    void training_and_testing_go_as_on_equal_devices_and_one_device_is_fuller() {
        DataSplit digits = GeneratedDigits.of(1);
        Model net =
                model("mlp", image("pixels", 1, 28, 28))
                        .then(flatten())
                        .then(linear("hidden", 32))
                        .then(relu())
                        .then(linear("classes", 10))
                        .loss(crossEntropy());
        CompileOptions both = on(Mesh.of("data", 2)).batch(64).optimizer(adam(2e-3));
        TrainingRun alike = train(net, both.shard("batch").over("data"), digits);
        TrainingRun root = train(net, both.dataParallel().over("data"), digits);
        for (int step = 0; step < root.steps(); step++) {
            assertThat(root.losses().get(step)).isWithin(1e-4).of(alike.losses().get(step));
        }
        assertThat(root.testAccuracy().orElseThrow())
                .isWithin(5e-3)
                .of(alike.testAccuracy().orElseThrow());
        assertThat(root.peakBytesPerDevice()).isEqualTo(root.predictedPeakBytesPerDevice());
        assertThat(root.peakBytesPerDevice().getFirst())
                .isGreaterThan(2 * root.peakBytesPerDevice().getLast());
    }

    private static TrainingRun train(Model net, CompileOptions options, DataSplit digits) {
        return Training.of(Compiler.compile(net, options), digits.train(), KernelLibraries.cpu())
                .test(digits.test())
                .steps(40);
    }

    @Test
    void busy_time_of_a_device_does_not_count_its_waiting() {
        try (var session = open(Compiler.compile(NET, options("data=2")))) {
            long start = System.nanoTime();
            for (int step = 1; step <= 20; step++) {
                run(session, step);
            }
            long wall = System.nanoTime() - start;
            for (long busy : session.busyNanos()) {
                assertThat(busy).isGreaterThan(0);
                assertThat(busy).isLessThan(wall);
            }
        }
    }
}
