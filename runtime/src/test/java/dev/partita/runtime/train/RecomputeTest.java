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
import static dev.partita.dsl.layer.Layers.model;
import static dev.partita.dsl.layer.Layers.relu;
import static dev.partita.dsl.layer.Layers.residual;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.Compiler;
import dev.partita.compiler.Recompute;
import dev.partita.compiler.plan.Binding;
import dev.partita.dsl.layer.Layer;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.kernels.KernelLibraries;
import dev.partita.kernels.KernelLibrary;
import dev.partita.runtime.execute.Session;
import dev.partita.runtime.execute.SessionOptions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Computing values again changes memory and time, and nothing else.
final class RecomputeTest {
    private static final Model BLOCKS =
            model("blocks", features("x", 8))
                    .then(linear("in", 8))
                    .then(block(1))
                    .then(block(2))
                    .then(block(3))
                    .then(linear("classes", 4))
                    .loss(crossEntropy());

    private static final Model CONVNET =
            model("convnet", image("pixels", 1, 12, 12))
                    .then(conv2d("c1", 4, 3))
                    .then(relu())
                    .then(maxPool(2))
                    .then(conv2d("c2", 4, 3))
                    .then(relu())
                    .then(flatten())
                    .then(dropout(0.25))
                    .then(linear("hidden", 8))
                    .then(layerNorm("norm"))
                    .then(gelu())
                    .then(linear("classes", 4))
                    .loss(crossEntropy());

    private static Layer block(int i) {
        return residual(
                layerNorm("norm" + i),
                linear("hidden" + i, 16),
                gelu(),
                dropout(0.2),
                linear("down" + i, 8),
                layerNorm("after" + i),
                dropout(0.2));
    }

    static Stream<Arguments> cases() {
        return Stream.of("", "data=2", "tensor=2", "data=2,tensor=2")
                .flatMap(mesh ->
                        Stream.of(
                                Arguments.of(BLOCKS, mesh, "full"),
                                Arguments.of(BLOCKS, mesh, "gelu dropout after2"),
                                Arguments.of(BLOCKS, mesh, "within"),
                                Arguments.of(CONVNET, mesh, "full"),
                                Arguments.of(CONVNET, mesh, "max-pool relu dropout")));
    }

    @ParameterizedTest(name = "{0}, mesh {1}, {2}")
    @MethodSource("cases")
    void gradients_are_the_same_bits(Model model, String mesh, String what) {
        CompileOptions options = options(model, mesh).dtype(Dtype.F64);
        options = options.recompute(recompute(model, options, what)).keepingGradients();
        Compilation again = Compiler.compile(model, options);
        Compilation kept = Compiler.compile(model, options.recompute(Recompute.none()));
        assertThat(again.sharded().training().again()).isNotEmpty();
        KernelLibrary reference = KernelLibraries.reference();
        try (var a = Session.open(kept.plan(), new SessionOptions(reference, 5));
                var b = Session.open(again.plan(), new SessionOptions(reference, 5))) {
            var examples = new RandomExamples(5, options.optimizer().learningRate());
            for (int step = 1; step <= 3; step++) {
                for (Session session : List.of(a, b)) {
                    examples.fill(session, step);
                    session.run();
                }
                for (String output : a.names(Binding.Output.class)) {
                    assertWithMessage("step %s, %s", step, output)
                            .that(b.gather(output).sameBits(a.gather(output)))
                            .isTrue();
                }
            }
        }
    }

    @ParameterizedTest(name = "{0}, mesh {1}, {2}")
    @MethodSource("cases")
    void the_measured_peak_is_the_predicted_one(Model model, String mesh, String what) {
        CompileOptions options = options(model, mesh);
        Compilation plan =
                Compiler.compile(model, options.recompute(recompute(model, options, what)));
        try (var session =
                Session.open(plan.plan(), new SessionOptions(KernelLibraries.cpu(), 5))) {
            var examples = new RandomExamples(5, plan.options().optimizer().learningRate());
            examples.fill(session, 1);
            session.run();
            assertThat(session.peakBytes().stream().distinct())
                    .containsExactly(plan.plan().peakBytes());
        }
    }

    /// All, these ops and layers, or what a limit between all and nothing asks for.
    private static Recompute recompute(Model model, CompileOptions options, String what) {
        if (what.equals("within")) {
            long most = Compiler.compile(model, options).plan().peakBytes();
            CompileOptions full = options.recompute(Recompute.full());
            long least = Compiler.compile(model, full).plan().peakBytes();
            return Recompute.within((most + least) / 2);
        }
        return what.equals("full") ? Recompute.full() : Recompute.selective(what.split(" ", -1));
    }

    private static CompileOptions options(Model model, String meshText) {
        Mesh mesh = Mesh.parse(meshText);
        var options = on(mesh).batch(32).optimizer(adam(1e-3));
        if (mesh.has("data")) {
            options = options.shard("batch").over("data");
        }
        if (mesh.has("tensor")) {
            for (String dim :
                    model.equals(BLOCKS) ? List.of("hidden1", "hidden2") : List.of("hidden")) {
                options = options.shard(dim).over("tensor");
            }
        }
        return options;
    }
}
