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
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.Compiler;
import dev.partita.compiler.plan.Binding;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.kernels.KernelLibraries;
import dev.partita.runtime.execute.Session;
import dev.partita.runtime.execute.SessionOptions;
import dev.partita.runtime.state.HostTensor;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Gradients are shortened together, by the norm over everything.
final class ClipNormTest {
    private static final double RATE = 0.1;
    private static final Model NET =
            model("net", features("x", 6))
                    .then(linear("hidden", 8))
                    .then(relu())
                    .then(linear("y", 4))
                    .loss(crossEntropy());

    @ParameterizedTest(name = "clip norm {0}")
    @ValueSource(doubles = {0.01, 0.1, 1000})
    void weights_follow_gradients_of_at_most_this_norm(double maxNorm) {
        var options = mesh("").clipNorm(maxNorm);
        try (var session = open(options, Dtype.F64)) {
            Map<String, HostTensor> before = parameters(session);
            step(session);
            double norm = session.scalar("gradient-norm");
            // the formula of torch.nn.utils.clip_grad_norm_
            double factor = Math.min(1, maxNorm / (norm + 1e-6));
            assertThat(factor < 1).isEqualTo(maxNorm < 1);
            double squares = 0;
            for (Map.Entry<String, HostTensor> parameter : before.entrySet()) {
                HostTensor gradient = session.gather("gradient/" + parameter.getKey());
                HostTensor after = session.readParameter(parameter.getKey());
                for (long i = 0; i < gradient.elements(); i++) {
                    double g = gradient.get(i);
                    squares += g * g;
                    assertThat(after.get(i))
                            .isWithin(1e-15)
                            .of(parameter.getValue().get(i) - RATE * factor * g);
                }
            }
            assertWithMessage("the norm is that of the gradients before they are shortened")
                    .that(norm)
                    .isWithin(1e-12)
                    .of(Math.sqrt(squares));
        }
    }

    @ParameterizedTest(name = "mesh {0}")
    @ValueSource(strings = {"data=2", "tensor=2", "data=2,tensor=4"})
    void every_mesh_shortens_alike(String mesh) {
        for (Dtype dtype : new Dtype[] {Dtype.F32, Dtype.F64}) {
            var options = mesh(mesh).clipNorm(0.01).dtype(dtype);
            Proof proof = Proof.of(Compiler.compile(NET, options), KernelLibraries.cpu(), 1, 3);
            assertWithMessage(proof.describe()).that(proof.equal()).isTrue();
        }
    }

    @Test
    void a_norm_that_is_not_positive_is_a_problem() {
        for (double norm : new double[] {0, -1, Double.NaN}) {
            var problem = assertThrows(ProblemException.class, () -> mesh("").clipNorm(norm));
            assertThat(problem.problem().code()).isEqualTo(ProblemCode.INVALID_ARGUMENT);
        }
    }

    private static CompileOptions mesh(String text) {
        Mesh mesh = Mesh.parse(text);
        CompileOptions options = on(mesh).batch(8).optimizer(sgd(RATE));
        if (mesh.has("data")) {
            options = options.shard("batch").over("data");
        }
        return mesh.has("tensor") ? options.shard("hidden").over("tensor") : options;
    }

    private static Session open(CompileOptions options, Dtype dtype) {
        return Session.open(
                Compiler.compile(NET, options.dtype(dtype).keepingGradients()).plan(),
                new SessionOptions(KernelLibraries.reference(), 1));
    }

    private static void step(Session session) {
        new RandomExamples(1, sgd(RATE).learningRate()).fill(session, 1);
        session.run();
    }

    private static Map<String, HostTensor> parameters(Session session) {
        Map<String, HostTensor> all = new HashMap<>();
        session.names(Binding.Parameter.class)
                .forEach(name -> all.put(name, session.readParameter(name)));
        return all;
    }
}
