package dev.partita.runtime.train;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.Truth.assertWithMessage;
import static dev.partita.compiler.CompileOptions.on;
import static dev.partita.dsl.layer.Layers.adam;
import static dev.partita.dsl.layer.Layers.conv2d;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.dropout;
import static dev.partita.dsl.layer.Layers.features;
import static dev.partita.dsl.layer.Layers.flatten;
import static dev.partita.dsl.layer.Layers.gelu;
import static dev.partita.dsl.layer.Layers.image;
import static dev.partita.dsl.layer.Layers.layerNorm;
import static dev.partita.dsl.layer.Layers.linear;
import static dev.partita.dsl.layer.Layers.maxPool;
import static dev.partita.dsl.layer.Layers.meanSquared;
import static dev.partita.dsl.layer.Layers.model;
import static dev.partita.dsl.layer.Layers.relu;
import static dev.partita.dsl.layer.Layers.sgd;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.Compiler;
import dev.partita.dsl.graph.Elementwise;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.layer.Optimizer;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.dsl.tensor.Region.Along;
import dev.partita.kernels.Buffer;
import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelLibraries;
import dev.partita.kernels.KernelLibrary;
import dev.partita.kernels.KernelRequest;
import dev.partita.runtime.state.Elements;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ProofTest {
    private static final Model CONVNET =
            model("convnet", image("pixels", 1, 12, 12))
                    .then(conv2d("c1", 4, 3))
                    .then(relu())
                    .then(maxPool(2))
                    .then(flatten())
                    .then(dropout(0.25))
                    .then(linear("hidden", 8))
                    .then(layerNorm("norm"))
                    .then(gelu())
                    .then(linear("classes", 4))
                    .loss(crossEntropy());

    private static final Model REGRESSION =
            model("regression", features("x", 6))
                    .then(linear("hidden", 8))
                    .then(relu())
                    .then(linear("y", 4))
                    .loss(meanSquared());

    @ParameterizedTest(name = "mesh {0}")
    @ValueSource(strings = {"data=1", "data=2", "data=4,tensor=2", "tensor=4", "data=2,tensor=4"})
    void a_convnet_equals_one_device_in_doubles(String mesh) {
        Proof proof = prove(CONVNET, mesh, Dtype.F64, adam(1e-3));
        assertWithMessage(proof.describe()).that(proof.equal()).isTrue();
        assertThat(proof.maxRelativeDifference().largest()).isAtMost(1e-10);
    }

    @ParameterizedTest(name = "mesh {0}")
    @ValueSource(strings = {"data=2", "data=2,tensor=2"})
    void a_convnet_equals_one_device_in_floats(String mesh) {
        Proof proof = prove(CONVNET, mesh, Dtype.F32, sgd(0.1).momentum(0.9));
        assertWithMessage(proof.describe()).that(proof.equal()).isTrue();
        // more than one device rounds differently: a proof that finds no difference compared
        // nothing
        assertThat(proof.maxRelativeDifference().largest()).isGreaterThan(0.0);
    }

    @Test
    void targets_are_drawn_as_labels_are() {
        Proof proof = prove(REGRESSION, "data=2,tensor=2", Dtype.F64, sgd(0.1));
        assertWithMessage(proof.describe()).that(proof.equal()).isTrue();
    }

    @Test
    void every_gradient_and_weight_of_every_step_is_compared() {
        Proof proof = prove(REGRESSION, "data=2", Dtype.F64, sgd(0.1));
        // four parameters, each with a gradient; loss and gradient norm; two steps
        assertThat(proof.differences()).hasSize(2 * (4 + 4 + 2));
        assertThat(proof.differences().stream().map(Proof.Difference::name))
                .containsAtLeast("hidden.weight", "hidden.bias", "y.weight", "y.bias");
    }

    @Test
    void one_wrong_number_on_one_device_is_found() {
        Compilation compilation = compile(REGRESSION, "data=2", Dtype.F64, sgd(0.1));
        Proof proof = Proof.of(compilation, new SlightlyWrong(), 1, 1);
        assertThat(proof.equal()).isFalse();
        assertThat(proof.toString()).contains("DIFFERS");
        assertThat(proof.describe()).contains("most different");
    }

    private static Proof prove(Model model, String mesh, Dtype dtype, Optimizer optimizer) {
        return Proof.of(compile(model, mesh, dtype, optimizer), KernelLibraries.reference(), 3, 2);
    }

    private static Compilation compile(
            Model model, String meshText, Dtype dtype, Optimizer optimizer) {
        Mesh mesh = Mesh.parse(meshText);
        var options = on(mesh).batch(8).dtype(dtype).optimizer(optimizer);
        if (mesh.has("data")) {
            options = options.shard("batch").over("data");
        }
        if (mesh.has("tensor")) {
            options = options.shard("hidden").over("tensor");
        }
        return Compiler.compile(model, options);
    }

    /// The reference kernels, but relu is a little off where the second half of the batch is
    /// computed.
    private static final class SlightlyWrong implements KernelLibrary {
        @Override
        public String name() {
            return "slightly-wrong";
        }

        @Override
        public Optional<Kernel> open(KernelRequest request) {
            return KernelLibraries.reference()
                    .open(request)
                    .map(kernel -> isSecondHalf(request) ? off(kernel, request) : kernel);
        }

        private static boolean isSecondHalf(KernelRequest request) {
            return (request.op() instanceof Elementwise || request.op() instanceof Op.Einsum)
                    && request.results().getFirst().region().dims().contains(Along.from(4));
        }

        private static Kernel off(Kernel kernel, KernelRequest request) {
            Buffer result = request.results().getFirst();
            return () -> {
                kernel.run();
                double value = Elements.get(result.type().dtype(), result.memory(), 0);
                Elements.set(result.type().dtype(), result.memory(), 0, value + 1e-6);
            };
        }
    }
}
