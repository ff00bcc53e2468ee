package dev.partita.runtime.execute;

import static com.google.common.truth.Truth.assertWithMessage;
import static dev.partita.compiler.CompileOptions.allToAll;
import static dev.partita.compiler.CompileOptions.gather;
import static dev.partita.compiler.CompileOptions.on;
import static dev.partita.compiler.CompileOptions.ring;
import static dev.partita.dsl.layer.Layers.adamW;
import static dev.partita.dsl.layer.Layers.attention;
import static dev.partita.dsl.layer.Layers.batchNorm;
import static dev.partita.dsl.layer.Layers.conv2d;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.dropout;
import static dev.partita.dsl.layer.Layers.embedding;
import static dev.partita.dsl.layer.Layers.feedForward;
import static dev.partita.dsl.layer.Layers.flatten;
import static dev.partita.dsl.layer.Layers.image;
import static dev.partita.dsl.layer.Layers.layerNorm;
import static dev.partita.dsl.layer.Layers.linear;
import static dev.partita.dsl.layer.Layers.maxPool;
import static dev.partita.dsl.layer.Layers.model;
import static dev.partita.dsl.layer.Layers.positions;
import static dev.partita.dsl.layer.Layers.relu;
import static dev.partita.dsl.layer.Layers.residual;
import static dev.partita.dsl.layer.Layers.rmsNorm;
import static dev.partita.dsl.layer.Layers.swiGlu;
import static dev.partita.dsl.layer.Layers.tiedTo;
import static dev.partita.dsl.layer.Layers.tokens;

import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.Compiler;
import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.kernels.KernelLibraries;
import dev.partita.runtime.state.HostTensor;
import java.time.Duration;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Until the JIT has compiled a kernel, its vectors are objects: steps are run until none is, for
/// as long as that may take on a busy machine.
final class StepAllocationTest {
    private static final SessionOptions CPU = new SessionOptions(KernelLibraries.cpu(), 1, true);
    private static final SessionOptions REFERENCE =
            new SessionOptions(KernelLibraries.reference(), 1, true);
    private static final int STEPS = 50;
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    static Stream<Arguments> nets() {
        return Stream.of(gpt(), llama(), resNet())
                .flatMap(net ->
                        Stream.of("data=1", "data=2")
                                .map(mesh ->
                                        Arguments.of(
                                                net,
                                                on(Mesh.parse(mesh)).shard("batch").over("data"))));
    }

    /// Attention to what lies on other devices, in every way.
    static Stream<Arguments> spread() {
        CompileOptions positions =
                on(Mesh.of("context", 2)).shard("sequence").balanced().over("context");
        return Stream.of(gather(), ring(), allToAll())
                .map(way -> Arguments.of(gpt(), positions.attention(way)));
    }

    /// Rows that are whole vectors, and a vocabulary that is none.
    private static Model gpt() {
        return model("gpt", tokens("sequence", 24, 19))
                .then(embedding("model", 32))
                .then(positions("positions"))
                .then(residual(layerNorm("norm1"), attention("mix", 2).causal(), dropout(0.1)))
                .then(residual(layerNorm("norm2"), feedForward("mlp", 64)))
                .then(layerNorm("norm"))
                .then(tiedTo("model"))
                .loss(crossEntropy());
    }

    /// Rows that are no whole vectors.
    private static Model llama() {
        return model("llama", tokens("sequence", 9, 19))
                .then(embedding("model", 20))
                .then(residual(rmsNorm("norm1"), attention("mix", 2).causal().rotary()))
                .then(residual(rmsNorm("norm2"), swiGlu("mlp", 24)))
                .then(linear("classes", 19))
                .loss(crossEntropy().labelSmoothing(0.1));
    }

    private static Model resNet() {
        return model("resnet", image("pixels", 3, 8, 8))
                .then(conv2d("first", 16, 3))
                .then(batchNorm("norm1"))
                .then(relu())
                .then(residual(conv2d("second", 16, 3, 1, 1), batchNorm("norm2")))
                .then(maxPool(2))
                .then(flatten())
                .then(linear("classes", 5))
                .loss(crossEntropy());
    }

    @ParameterizedTest(name = "{0} on {1}")
    @MethodSource({"nets", "spread"})
    void a_step_on_the_fast_kernels_allocates_nothing_on_the_heap(
            Model net, CompileOptions placed) {
        allocatesNothing(net, placed, CPU);
    }

    @Test
    void neither_does_a_step_on_the_plain_kernels() {
        CompileOptions placed = on(Mesh.parse("data=2")).shard("batch").over("data");
        allocatesNothing(llama(), placed, REFERENCE);
    }

    private static void allocatesNothing(Model net, CompileOptions placed, SessionOptions options) {
        ExecutionPlan plan = Compiler.compile(net, placed.batch(4).optimizer(adamW(1e-3))).plan();
        try (var session = Session.open(plan, options)) {
            fill(session.feed());
            long start = System.nanoTime();
            long bytes = allocatedBy(session);
            while (bytes / STEPS > 64 && System.nanoTime() - start < PATIENCE.toNanos()) {
                bytes = allocatedBy(session);
            }
            assertWithMessage("bytes per step").that(bytes / STEPS).isAtMost(64);
        }
    }

    private static long allocatedBy(Session session) {
        long bytes = 0;
        for (int i = 0; i < STEPS; i++) {
            session.run();
            bytes += session.allocatedBytes();
        }
        return bytes;
    }

    private static void fill(Feed feed) {
        var random = new Random(1);
        for (String name : feed.names()) {
            boolean whole = !feed.type(name).dtype().isFloating();
            feed.put(
                    name,
                    HostTensor.generate(
                            feed.type(name),
                            _ -> whole ? random.nextInt(5) : random.nextGaussian()));
        }
        feed.put("learning-rate", 1e-3).put("step", 1);
    }
}
