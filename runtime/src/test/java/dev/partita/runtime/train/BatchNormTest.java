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

import dev.partita.compiler.Compilation;
import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.Compiler;
import dev.partita.compiler.plan.Binding;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.kernels.KernelLibraries;
import dev.partita.runtime.execute.Session;
import dev.partita.runtime.execute.SessionOptions;
import dev.partita.runtime.state.HostTensor;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Batch norm normalises by the whole batch, wherever its examples are.
final class BatchNormTest {
    private static final Model NET =
            model("net", image("pixels", 2, 8, 8))
                    .then(conv2d("c1", 4, 3, 1, 1).withoutBias())
                    .then(batchNorm("n1"))
                    .then(relu())
                    .then(
                            residual(conv2d("c2", 8, 3, 2, 1).withoutBias(), batchNorm("n2"))
                                    .shortcut(
                                            conv2d("skip", 8, 1, 2, 0).withoutBias(),
                                            batchNorm("n3")))
                    .then(relu())
                    .then(averagePool())
                    .then(linear("classes", 4))
                    .loss(crossEntropy());

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
        Compilation apart = Compiler.compile(NET, compile("data=2").options().bucketBytes(1));
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

    private static Compilation compile(String meshText) {
        Mesh mesh = Mesh.parse(meshText);
        CompileOptions options =
                on(mesh).batch(8).dtype(Dtype.F64).optimizer(sgd(0.1).momentum(0.9));
        if (mesh.has("data")) {
            options = options.shard("batch").over("data");
        }
        if (mesh.has("tensor")) {
            options = options.shard("c2").over("tensor");
        }
        return Compiler.compile(NET, options);
    }
}
