package dev.partita.runtime.train;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.Truth.assertWithMessage;
import static dev.partita.compiler.CompileOptions.on;
import static dev.partita.dsl.layer.Layers.adam;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.features;
import static dev.partita.dsl.layer.Layers.linear;
import static dev.partita.dsl.layer.Layers.model;
import static dev.partita.dsl.layer.Layers.relu;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.Compiler;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.kernels.KernelLibraries;
import dev.partita.runtime.execute.Session;
import dev.partita.runtime.execute.SessionOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ZeroTest {
    /// Weights that weigh more than activations.
    private static Model deep() {
        Model net = model("deep", features("x", 32));
        for (int i = 1; i <= 4; i++) {
            net = net.then(linear("hidden" + i, 64)).then(relu());
        }
        return net.then(linear("classes", 8)).loss(crossEntropy());
    }

    private static CompileOptions dataParallel(Mesh mesh) {
        return on(mesh).optimizer(adam(1e-2)).batch(8).shard("batch").over("data");
    }

    private static void assertEqualsOneDevice(CompileOptions options) {
        Compilation plan = Compiler.compile(deep(), options.dtype(Dtype.F64));
        Proof proof = Proof.of(plan, KernelLibraries.reference(), 1, 3);
        assertWithMessage(proof.describe()).that(proof.equal()).isTrue();
    }

    @ParameterizedTest(name = "zero({0}), buckets of {1} bytes")
    @CsvSource({"1, 1", "2, 1", "3, 1", "1, 20000", "2, 20000", "3, 20000", "3, 1000000"})
    void every_stage_computes_what_one_device_computes(int stage, long bucketBytes) {
        assertEqualsOneDevice(
                dataParallel(Mesh.of("data", 4)).zero(stage).over("data").bucketBytes(bucketBytes));
    }

    @ParameterizedTest(name = "zero({0})")
    @ValueSource(ints = {1, 2, 3})
    void hybrid_sharding_computes_what_one_device_computes(int stage) {
        Mesh mesh = Mesh.of("data", 2).by("replica", 2);
        CompileOptions options = on(mesh).optimizer(adam(1e-2)).batch(8);
        assertEqualsOneDevice(
                options.shard("batch").over("replica", "data").zero(stage).over("data"));
        assertEqualsOneDevice(
                options.shard("batch").over("data", "replica").zero(stage).over("replica"));
        assertEqualsOneDevice(
                options.shard("batch").over("data", "replica").zero(stage).over("data", "replica"));
    }

    @ParameterizedTest(name = "zero({0})")
    @ValueSource(ints = {1, 2, 3})
    void with_tensor_parallelism_it_computes_what_one_device_computes(int stage) {
        Mesh mesh = Mesh.of("data", 2).by("tensor", 2);
        assertEqualsOneDevice(
                dataParallel(mesh)
                        .shard("hidden1")
                        .over("tensor")
                        .shard("hidden3")
                        .over("tensor")
                        .zero(stage)
                        .over("data"));
    }

    @Test
    void every_stage_takes_less_memory_and_the_measured_peak_is_the_predicted_one() {
        CompileOptions options = dataParallel(Mesh.of("data", 4)).bucketBytes(1 << 14);
        long before = Long.MAX_VALUE;
        for (int stage = 0; stage <= 3; stage++) {
            Compilation plan =
                    Compiler.compile(
                            deep(), stage == 0 ? options : options.zero(stage).over("data"));
            long predicted = plan.plan().program(0).arenaBytes();
            assertWithMessage("stage %s", stage).that(predicted).isLessThan(before);
            before = predicted;
            var kernels = new SessionOptions(KernelLibraries.reference(), 1);
            var examples = new RandomExamples(1, options.optimizer().learningRate());
            try (var session = Session.open(plan.plan(), kernels)) {
                for (int step = 1; step <= 2; step++) {
                    examples.fill(session, step);
                    session.run();
                }
                assertThat(session.peakBytes().stream().distinct()).containsExactly(predicted);
            }
        }
    }
}
