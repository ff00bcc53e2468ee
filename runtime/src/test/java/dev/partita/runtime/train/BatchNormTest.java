package dev.partita.runtime.train;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.Truth.assertWithMessage;
import static dev.partita.compiler.CompileOptions.on;
import static dev.partita.dsl.layer.Layers.averagePool;
import static dev.partita.dsl.layer.Layers.batchNorm;
import static dev.partita.dsl.layer.Layers.conv2d;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.image;
import static dev.partita.dsl.layer.Layers.linear;
import static dev.partita.dsl.layer.Layers.model;
import static dev.partita.dsl.layer.Layers.relu;
import static dev.partita.dsl.layer.Layers.residual;
import static dev.partita.dsl.layer.Layers.sgd;
import static java.util.Arrays.stream;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.Compiler;
import dev.partita.compiler.plan.Binding;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemException;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.kernels.KernelLibraries;
import dev.partita.runtime.execute.Session;
import dev.partita.runtime.execute.SessionOptions;
import dev.partita.runtime.state.HostTensor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Batch norm normalises by the whole batch, wherever its examples are.
final class BatchNormTest {
    private static Model net(int groups) {
        return model("net", image("pixels", 2, 8, 8))
                .then(conv2d("c1", 4, 3, 1, 1).withoutBias())
                .then(batchNorm("n1").local(groups))
                .then(relu())
                .then(
                        residual(
                                        conv2d("c2", 8, 3, 2, 1).withoutBias(),
                                        batchNorm("n2").local(groups))
                                .shortcut(
                                        conv2d("skip", 8, 1, 2, 0).withoutBias(),
                                        batchNorm("n3").local(groups)))
                .then(relu())
                .then(averagePool())
                .then(linear("classes", 4))
                .loss(crossEntropy());
    }

    @ParameterizedTest(name = "mesh {0}")
    @ValueSource(strings = {"data=1", "data=2", "data=4,tensor=2", "tensor=2"})
    void every_gradient_and_weight_equals_one_device(String mesh) {
        Proof proof = Proof.of(compile(mesh), KernelLibraries.reference(), 3, 3);
        assertWithMessage("%s", proof).that(proof.equal()).isTrue();
    }

    @ParameterizedTest(name = "mesh {0}")
    @ValueSource(strings = {"data=2", "data=4,tensor=2"})
    void running_averages_equal_those_of_one_device(String mesh) {
        Compilation placed = compile(mesh);
        var options = new SessionOptions(KernelLibraries.reference(), 3);
        try (var many = Session.open(placed.plan(), options);
                var one = Session.open(placed.oneDevice().plan(), options)) {
            var examples = new RandomExamples(3, placed.options().optimizer().learningRate());
            for (int step = 1; step <= 3; step++) {
                for (Session session : List.of(many, one)) {
                    examples.fill(session, step);
                    session.run();
                }
            }
            List<String> averages =
                    one.names(Binding.State.class).stream()
                            .filter(name -> name.contains("running"))
                            .toList();
            assertThat(averages).hasSize(6);
            for (String name : averages) {
                HostTensor single = one.readState(name);
                assertThat(many.readState(name).toArray())
                        .usingTolerance(1e-12)
                        .containsExactly(single.toArray());
                assertThat(single.get(0)).isNotEqualTo(name.endsWith("variance") ? 1.0 : 0.0);
            }
        }
    }

    @Test
    void statistics_are_two_small_sums_forward_and_two_backward() {
        Compilation apart = Compiler.compile(net(1), options("data=2").bucketBytes(1));
        List<Long> bytes =
                apart.plan()
                        .program(0)
                        .collectives()
                        .filter(s -> s.note().layer().equals("n2"))
                        .map(s -> apart.plan().program(0).span(s.sources()).bytes())
                        .toList();
        assertThat(bytes).containsExactly(64L, 64L, 64L, 64L);
    }

    @Test
    void evaluation_takes_the_running_averages_and_sums_nothing() {
        Compilation forward = compile("data=2").forward();
        assertThat(forward.plan().program(0).collectives().toList()).isEmpty();
        assertThat(forward.plan().program(0).bindings(Binding.State.class).map(Binding::name))
                .contains("n1.running-mean");
    }

    @ParameterizedTest(name = "{0} groups in {1} micro-batches on mesh {2}")
    @CsvSource(
            delimiter = ';',
            value = {
                "2; 1; data=1",
                "2; 1; data=2",
                "4; 1; data=2",
                "4; 1; data=4,tensor=2",
                "4; 2; data=2",
                "4; 4; data=1",
                "8; 2; data=4,tensor=2"
            })
    void groups_with_statistics_of_their_own_equal_those_of_one_device(
            int groups, int microBatches, String mesh) {
        CompileOptions options = options(mesh).batch(16).microBatches(microBatches);
        Proof proof =
                Proof.of(Compiler.compile(net(groups), options), KernelLibraries.reference(), 3, 3);
        assertWithMessage("%s", proof).that(proof.equal()).isTrue();
    }

    @ParameterizedTest(name = "4 groups in {0} micro-batches")
    @ValueSource(ints = {2, 4})
    void groups_in_micro_batches_equal_those_of_the_whole_batch(int microBatches) {
        CompileOptions options = options("data=1").batch(16).keepingGradients();
        Proof proof =
                Proof.between(
                        Compiler.compile(net(4), options.microBatches(microBatches)),
                        Compiler.compile(net(4), options),
                        KernelLibraries.reference(),
                        3,
                        3);
        assertWithMessage("%s", proof).that(proof.equal()).isTrue();
    }

    /// Four groups are what four networks with the same weights do with a batch each: losses,
    /// gradients and running averages are the means of theirs.
    @Test
    void a_group_is_normalised_as_a_batch_of_its_own() {
        CompileOptions options = options("data=2").keepingGradients();
        Map<String, double[]> together =
                afterOneStep(Compiler.compile(net(4), options.batch(16)), 0);
        var alone = new HashMap<String, double[]>();
        for (int group = 0; group < 4; group++) {
            afterOneStep(Compiler.compile(net(1), options.batch(4)), 4 * group)
                    .forEach((name, values) -> alone.merge(name, values, BatchNormTest::sum));
        }
        assertThat(together.keySet()).containsExactlyElementsIn(alone.keySet());
        together.forEach((name, values) ->
                assertWithMessage(name)
                        .that(values)
                        .usingTolerance(1e-12)
                        .containsExactly(stream(alone.get(name)).map(x -> x / 4).toArray())
                        .inOrder());
    }

    private static double[] sum(double[] a, double[] b) {
        return IntStream.range(0, a.length).mapToDouble(i -> a[i] + b[i]).toArray();
    }

    /// Gradients and running averages after a step over the examples from `first` on.
    private static Map<String, double[]> afterOneStep(Compilation plan, int first) {
        try (var session =
                Session.open(plan.plan(), new SessionOptions(KernelLibraries.reference(), 3))) {
            var pixels = new SplittableRandom(7);
            double[] all = pixels.doubles(16 * 128, -1, 1).toArray();
            session.feed()
                    .put(
                            "pixels",
                            HostTensor.generate(
                                    session.feed().type("pixels"),
                                    i -> all[(int) (first * 128L + i)]));
            session.feed()
                    .put(
                            "labels",
                            HostTensor.generate(
                                    session.feed().type("labels"), i -> (first + i) * 3 % 4));
            session.feed().put("learning-rate", 0.1);
            session.run();
            var after = new TreeMap<String, double[]>();
            for (String name : session.names(Binding.State.class)) {
                if (name.contains("running")) {
                    after.put(name, session.readState(name).toArray());
                }
            }
            for (String name : session.names(Binding.Parameter.class)) {
                after.put(name, session.gather("gradient/" + name).toArray());
            }
            return after;
        }
    }

    @Test
    void groups_sum_nothing_over_devices_but_gradients_and_running_averages() {
        Compilation apart = Compiler.compile(net(4), options("data=2").batch(16).bucketBytes(1));
        List<String> reasons =
                apart.plan()
                        .program(0)
                        .collectives()
                        .filter(s -> s.note().layer().equals("n2"))
                        .map(s -> s.note().because().replaceAll(".* meets", "meets"))
                        .toList();
        assertThat(reasons)
                .containsExactly(
                        "meets add", "meets add", "meets sum-squares", "meets sum-squares");
    }

    @Test
    void groups_that_devices_would_cut_are_refused_with_those_that_lie_whole() {
        Problem problem =
                assertThrows(
                                ProblemException.class,
                                () ->
                                        Compiler.compile(
                                                net(4),
                                                options("data=4").batch(16).microBatches(2)))
                        .problem();
        assertThat(problem.print().replaceAll("(BatchNormTest.java):\\d+", "$1"))
                .isEqualTo(
                        """
                        [IndivisibleDim] Groups with statistics of their own would be cut between devices.
                          layer:                         n1
                          groups:                        4
                          micro-batches:                 2
                          the batch lies in:             4 blocks over data
                          legal groups:                  [8, 16]
                          statistics of the whole batch: 2 sums of 32 bytes forward, 2 backward
                          at:                            BatchNormTest.java
                          try:                           local(8), or without local(...) statistics of the whole batch\
                        """);
    }

    private static Compilation compile(String mesh) {
        return Compiler.compile(net(1), options(mesh));
    }

    private static CompileOptions options(String meshText) {
        Mesh mesh = Mesh.parse(meshText);
        CompileOptions options =
                on(mesh).batch(8).dtype(Dtype.F64).optimizer(sgd(0.1).momentum(0.9));
        if (mesh.has("data")) {
            options = options.shard("batch").over("data");
        }
        if (mesh.has("tensor")) {
            options = options.shard("c2").over("tensor");
        }
        return options;
    }
}
