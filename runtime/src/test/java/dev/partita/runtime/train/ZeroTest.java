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
import dev.partita.compiler.Precision;
import dev.partita.compiler.plan.Binding;
import dev.partita.compiler.plan.Program;
import dev.partita.dsl.graph.Reshard;
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

    @ParameterizedTest(name = "zero({0})")
    @ValueSource(ints = {1, 2, 3})
    void with_micro_batches_it_computes_what_one_device_computes(int stage) {
        assertEqualsOneDevice(
                dataParallel(Mesh.of("data", 2)).zero(stage).over("data").microBatches(4));
    }

    @Test
    void weights_are_gathered_anew_for_every_micro_batch_and_each_way() {
        CompileOptions options = dataParallel(Mesh.of("data", 2)).zero(3).over("data");
        Compilation one = Compiler.compile(deep(), options);
        Compilation four = Compiler.compile(deep(), options.microBatches(4));
        // the way back begins with the layer where the way there ended, which is not gathered again
        assertThat(gathersOf(one, "hidden3.weight")).isEqualTo(2);
        assertThat(gathersOf(four, "hidden3.weight")).isEqualTo(8);
        assertThat(gathersOf(one, "classes.weight")).isEqualTo(1);
        assertThat(gathersOf(four, "classes.weight")).isEqualTo(4);
    }

    @Test
    void weights_computed_with_in_fewer_bits_are_gathered_in_fewer_bits() {
        CompileOptions options = dataParallel(Mesh.of("data", 2)).zero(3).over("data");
        Program full = Compiler.compile(deep(), options).plan().program(0);
        Program half =
                Compiler.compile(deep(), options.precision(Precision.BF16)).plan().program(0);
        assertThat(gathered(half)).isLessThan(gathered(full) * 6 / 10);
        // all weights are gathered twice but those of the last layer
        assertThat(half.collectives().filter(s -> s.op() instanceof Reshard.AllGather).count())
                .isEqualTo(
                        full.collectives()
                                .filter(s -> s.op() instanceof Reshard.AllGather)
                                .count());
    }

    private static long gathered(Program program) {
        return program.collectives()
                .filter(start -> start.op() instanceof Reshard.AllGather)
                .mapToLong(start -> program.slot(start.sources().getFirst()).type().bytes())
                .sum();
    }

    private static long gathersOf(Compilation plan, String weight) {
        Program program = plan.plan().program(0);
        int slot =
                program.bindings(Binding.Parameter.class)
                        .filter(binding -> binding.name().equals(weight))
                        .findFirst()
                        .orElseThrow()
                        .slot();
        return program.collectives().filter(start -> start.sources().contains(slot)).count();
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
