package dev.partita.runtime.train;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.Truth.assertWithMessage;
import static dev.partita.compiler.CompileOptions.on;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.features;
import static dev.partita.dsl.layer.Layers.linear;
import static dev.partita.dsl.layer.Layers.model;
import static dev.partita.dsl.layer.Layers.sgd;
import static dev.partita.dsl.layer.Layers.tanh;

import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.Compiler;
import dev.partita.compiler.plan.Binding;
import dev.partita.dsl.layer.Loss;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.kernels.KernelLibraries;
import dev.partita.runtime.execute.Session;
import dev.partita.runtime.execute.SessionOptions;
import dev.partita.runtime.state.HostTensor;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What is ignored is as if it were not there.
final class IgnoredLabelsTest {
    private static final int FEATURES = 4;
    private static final int CLASSES = 3;
    private static final int IGNORED = -100;

    /// Unevenly over devices and micro-batches: the second half counts once, the first not at all.
    private static final List<Integer> COUNTED = List.of(4, 6, 7);

    @ParameterizedTest(name = "mesh {0}, {1} micro-batches")
    @CsvSource({"'', 1", "'', 4", "data=2, 1", "data=4, 2", "'data=2,tensor=3', 2"})
    void a_batch_is_its_counted_examples(String mesh, long microBatches) {
        CompileOptions whole = mesh(mesh).batch(8).microBatches(microBatches);
        CompileOptions few = mesh("").batch(COUNTED.size());
        try (var padded = open(crossEntropy().ignoring(IGNORED), whole);
                var plain = open(crossEntropy(), few)) {
            feed(padded, IntStream.range(0, 8).boxed().toList(), COUNTED);
            feed(plain, COUNTED, COUNTED);
            padded.run();
            plain.run();
            assertThat(padded.scalar("loss")).isWithin(1e-14).of(plain.scalar("loss"));
            for (String name : plain.names(Binding.Output.class)) {
                close(name, padded.gather(name), plain.gather(name));
            }
            for (String name : plain.names(Binding.Parameter.class)) {
                close(name, padded.readParameter(name), plain.readParameter(name));
            }
        }
    }

    @Test
    void a_batch_in_which_nothing_counts_changes_nothing() {
        try (var session = open(crossEntropy().ignoring(IGNORED), mesh("data=2").batch(8))) {
            HostTensor before = session.readParameter("hidden.weight");
            feed(session, IntStream.range(0, 8).boxed().toList(), List.of());
            session.run();
            assertThat(session.scalar("loss")).isEqualTo(0.0);
            assertThat(session.scalar("gradient-norm")).isEqualTo(0.0);
            close("hidden.weight", session.readParameter("hidden.weight"), before);
        }
    }

    private static CompileOptions mesh(String text) {
        Mesh mesh = Mesh.parse(text);
        CompileOptions options = on(mesh).dtype(Dtype.F64).optimizer(sgd(0.5)).keepingGradients();
        options = mesh.has("data") ? options.shard("batch").over("data") : options;
        return mesh.has("tensor") ? options.shard("hidden").over("tensor") : options;
    }

    private static Session open(Loss loss, CompileOptions options) {
        var net =
                model("net", features("x", FEATURES))
                        .then(linear("hidden", 6))
                        .then(tanh())
                        .then(linear("classes", CLASSES))
                        .loss(loss);
        return Session.open(
                Compiler.compile(net, options).plan(),
                new SessionOptions(KernelLibraries.reference(), 1));
    }

    /// Feeds these examples; those that do not count have any features and the ignored label.
    private static void feed(Session session, List<Integer> examples, List<Integer> counted) {
        var feed = session.feed();
        feed.put(
                "x",
                HostTensor.generate(
                        feed.type("x"),
                        i -> number(examples.get((int) i / FEATURES), (int) i % FEATURES)));
        feed.put(
                "labels",
                HostTensor.generate(
                        feed.type("labels"),
                        i ->
                                counted.contains(examples.get((int) i))
                                        ? examples.get((int) i) % CLASSES
                                        : IGNORED));
        feed.put("learning-rate", 0.5);
        if (feed.has("step")) {
            feed.put("step", 1);
        }
    }

    private static double number(int example, int feature) {
        return new Random(example * 100L + feature).nextGaussian();
    }

    private static void close(String name, HostTensor found, HostTensor expected) {
        assertWithMessage(name)
                .that(found.toArray())
                .usingTolerance(1e-14)
                .containsExactly(expected.toArray());
    }
}
