package dev.partita.runtime.train;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.Truth.assertWithMessage;
import static dev.partita.compiler.CompileOptions.on;
import static dev.partita.dsl.layer.Layers.batchNorm;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.features;
import static dev.partita.dsl.layer.Layers.linear;
import static dev.partita.dsl.layer.Layers.model;
import static dev.partita.dsl.layer.Layers.sgd;
import static dev.partita.dsl.layer.Layers.tanh;
import static dev.partita.runtime.train.Words.train;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.Compiler;
import dev.partita.compiler.plan.Binding;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.kernels.KernelLibraries;
import dev.partita.runtime.data.Dataset;
import dev.partita.runtime.data.DistributedSampler;
import dev.partita.runtime.data.GeneratedDigits;
import dev.partita.runtime.data.Remainder;
import dev.partita.runtime.execute.Session;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// 44 examples in batches of 16: the last batch of an epoch has 12, which leaves a device, a
/// micro-batch or both with nothing that counts. Training equals plain loops over batches of 16, 16
/// and 12.
final class UnevenBatchesTest {
    private static final Dataset DIGITS = GeneratedDigits.of(1, 44, 4).train();
    private static final int BATCH = 16;
    private static final int EPOCHS = 2;
    private static final long SEED = 5;
    private static final double SMOOTHING = 0.1;

    @ParameterizedTest(name = "mesh {0}, {1} micro-batches, {2}")
    @CsvSource({
        "'', 1, whole",
        "'', 4, whole",
        "data=2, 1, whole",
        "data=4, 1, whole",
        "data=2, 4, whole",
        "'data=2,tensor=2', 2, zero",
        "pipe=2, 4, stages",
        "'pipe=2,data=2', 4, stages",
    })
    void a_smaller_last_batch_is_a_mean_over_what_it_has(
            String mesh, long microBatches, String how) {
        Training training =
                train(Compiler.compile(NET, options(mesh, microBatches, how)), DIGITS)
                        .kernels(KernelLibraries.reference())
                        .seed(SEED)
                        .everyExample();
        PlainPerceptron twin = twin(training);
        TrainingRun run = training.epochs(EPOCHS);
        assertThat(run.losses().stream().mapToDouble(x -> x).toArray())
                .usingTolerance(1e-12)
                .containsExactly(twin.losses().stream().mapToDouble(x -> x).toArray())
                .inOrder();
        assertThat(run.weights().keySet()).containsExactlyElementsIn(twin.weights().keySet());
        run.weights()
                .forEach((name, weight) ->
                        assertWithMessage(name)
                                .that(weight.toArray())
                                .usingTolerance(1e-12)
                                .containsExactly(twin.weights().getOrDefault(name, new double[0]))
                                .inOrder());
    }

    @Test
    void statistics_over_examples_that_do_not_count_are_refused() {
        Model normed =
                model("normed", features("pixels", 784))
                        .then(linear("hidden", 8).withoutBias())
                        .then(batchNorm("norm"))
                        .then(linear("classes", 10))
                        .loss(crossEntropy().ignoring(-100));
        Training training = train(Compiler.compile(normed, options("", 1, "whole")), DIGITS);
        var problem =
                assertThrows(ProblemException.class, () -> training.everyExample().epochs(1))
                        .problem();
        assertThat(problem.code()).isEqualTo(ProblemCode.UNSUPPORTED);
        assertThat(problem.print()).contains("norm");
        assertThat(problem.fix()).contains("batch that divides 44");
    }

    private static final Model NET =
            model("mlp", features("pixels", 784))
                    .then(linear("hidden", 8))
                    .then(tanh())
                    .then(linear("classes", 10))
                    .loss(crossEntropy().ignoring(-100).labelSmoothing(SMOOTHING));

    private static CompileOptions options(String text, long microBatches, String how) {
        Mesh mesh = Mesh.parse(text);
        CompileOptions options =
                on(mesh).batch(BATCH)
                        .microBatches(microBatches)
                        .dtype(Dtype.F64)
                        .optimizer(sgd(0.2).momentum(0.9).weightDecay(0.01).sparing("bias"));
        options = mesh.has("data") ? options.shard("batch").over("data") : options;
        options = mesh.has("tensor") ? options.shard("hidden").over("tensor") : options;
        return switch (how) {
            case "zero" -> options.zero(3).over("data");
            case "stages" -> options.stages("classes").over("pipe");
            default -> options;
        };
    }

    /// The same training from the same first weights, with the examples in the same order.
    private static PlainPerceptron twin(Training training) {
        Map<String, double[]> first = new LinkedHashMap<>();
        Compilation plan = training.compilation();
        try (var session = Session.open(plan.plan(), training.sessionOptions())) {
            for (String name : session.names(Binding.Parameter.class)) {
                first.put(name, session.readParameter(name).toArray());
            }
        }
        var twin = new PlainPerceptron(first, 0.2, 0.9, 0.01, SMOOTHING);
        var sampler = new DistributedSampler(DIGITS.size(), BATCH, 1, Remainder.IGNORE);
        for (int epoch = 0; epoch < EPOCHS; epoch++) {
            int[] order = sampler.order(epoch, SEED);
            for (int begin = 0; begin < DIGITS.size(); begin += BATCH) {
                List<float[]> examples = new ArrayList<>();
                List<Integer> labels = new ArrayList<>();
                for (int i = begin; i < Math.min(begin + BATCH, DIGITS.size()); i++) {
                    examples.add(DIGITS.features(order[i]));
                    labels.add(DIGITS.label(order[i]));
                }
                twin.train(examples, labels);
            }
        }
        return twin;
    }
}
