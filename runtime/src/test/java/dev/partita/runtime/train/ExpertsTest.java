package dev.partita.runtime.train;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.Truth.assertWithMessage;
import static dev.partita.compiler.CompileOptions.on;
import static dev.partita.dsl.layer.Layers.attention;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.dropout;
import static dev.partita.dsl.layer.Layers.embedding;
import static dev.partita.dsl.layer.Layers.experts;
import static dev.partita.dsl.layer.Layers.layerNorm;
import static dev.partita.dsl.layer.Layers.model;
import static dev.partita.dsl.layer.Layers.positions;
import static dev.partita.dsl.layer.Layers.residual;
import static dev.partita.dsl.layer.Layers.tiedTo;
import static dev.partita.dsl.layer.Layers.tokens;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.Compiler;
import dev.partita.compiler.Precision;
import dev.partita.compiler.Recompute;
import dev.partita.dsl.layer.Experts;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.kernels.KernelLibraries;
import dev.partita.kernels.KernelLibrary;
import dev.partita.runtime.data.GeneratedText;
import dev.partita.runtime.execute.Session;
import dev.partita.runtime.execute.SessionOptions;
import dev.partita.runtime.state.HostTensor;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Mixtures of experts on many devices: every token meets the experts, and is dropped where, it
/// would be on one.
class ExpertsTest {
    private static final CompileOptions DATA =
            on(Mesh.of("data", 2)).shard("batch").over("data").shard("expert").over("data");
    private static final CompileOptions TENSOR =
            on(Mesh.of("data", 2).by("tensor", 2))
                    .shard("batch")
                    .over("data")
                    .shard("expert")
                    .over("data")
                    .shard("ffn")
                    .over("tensor")
                    .shard("heads")
                    .over("tensor");
    private static final CompileOptions EXPERT =
            on(Mesh.of("data", 2).by("expert", 2))
                    .shard("batch")
                    .over("data", "expert")
                    .shard("expert")
                    .over("expert");
    private static final CompileOptions BOTH =
            on(Mesh.of("tensor", 2).by("data", 2))
                    .shard("batch")
                    .over("data")
                    .shard("expert")
                    .over("tensor", "data");
    private static final CompileOptions SEQUENCE =
            on(Mesh.of("tensor", 2))
                    .shard("expert")
                    .over("tensor")
                    .shard("sequence")
                    .at("norm2", "residual2")
                    .over("tensor");

    private static Model net(Experts layer) {
        return model("moe", tokens("sequence", 8, 16))
                .then(embedding("model", 8))
                .then(positions("positions"))
                .then(residual(layerNorm("norm1"), attention("mix", 2).causal(), dropout(0.1)))
                .then(residual(layerNorm("norm2"), layer, dropout(0.1)))
                .then(layerNorm("norm3"))
                .then(tiedTo("model"))
                .loss(crossEntropy());
    }

    private static Experts layer() {
        return experts("moe", 4, 6).capacity(0.75).auxiliary(0.5);
    }

    static Stream<Arguments> placements() {
        return Stream.of(
                Arguments.of("experts over the axis of the batch", DATA),
                Arguments.of("and their width over another", TENSOR),
                Arguments.of("experts over one of two axes of the batch", EXPERT),
                Arguments.of("experts over an axis of the batch and another", BOTH),
                Arguments.of("experts over an axis that shards the sequence", SEQUENCE),
                Arguments.of("two micro-batches", EXPERT.microBatches(2)),
                Arguments.of("clipped gradients", TENSOR.clipNorm(0.1)),
                Arguments.of("ZeRO 1", EXPERT.zero(1).over("data")),
                Arguments.of("ZeRO 2, recomputed", DATA.zero(2).over("data").recompute(full())),
                Arguments.of("ZeRO 3", TENSOR.zero(3).over("data")),
                Arguments.of("recomputed routes", EXPERT.recompute(Recompute.selective("route"))),
                Arguments.of(
                        "all of it",
                        EXPERT.zero(3)
                                .over("data")
                                .microBatches(2)
                                .recompute(full())
                                .clipNorm(0.1)));
    }

    private static Recompute full() {
        return Recompute.full();
    }

    @ParameterizedTest(name = "{0}: it equals one device")
    @MethodSource("placements")
    void it_equals_one_device(String how, CompileOptions options) {
        for (Model net : List.of(net(layer()), net(layer().swiGlu().topK(1).dropless()))) {
            Compilation compiled = Compiler.compile(net, options.batch(8).dtype(Dtype.F64));
            Proof proof = Proof.of(compiled, KernelLibraries.reference(), 3, 3);
            assertWithMessage("%s\n%s", how, proof.describe()).that(proof.equal()).isTrue();
        }
    }

    @ParameterizedTest(name = "{0}: with casts it equals one device")
    @MethodSource("placements")
    void with_the_casts_of_mixed_precision_it_equals_one_device(
            String how, CompileOptions options) {
        for (boolean scaled : new boolean[] {false, true}) {
            var precision = new Precision("f32 in f64", Dtype.F64, Dtype.F32, scaled);
            Compilation compiled =
                    Compiler.compile(net(layer()), options.batch(8).precision(precision));
            Proof proof = Proof.of(compiled, KernelLibraries.reference(), 3, 2);
            assertWithMessage("%s\n%s", how, proof.describe()).that(proof.equal()).isTrue();
        }
    }

    @Test
    void fast_kernels_give_what_plain_loops_give_on_one_device() {
        Compilation compiled = Compiler.compile(net(layer()), EXPERT.batch(8));
        for (KernelLibrary library : List.of(KernelLibraries.cpu(), KernelLibraries.reference())) {
            assertThat(Proof.of(compiled, library, 3, 2).equal()).isTrue();
        }
        assertThat(chosen(compiled, "chosen/moe", KernelLibraries.cpu()))
                .isEqualTo(chosen(compiled, "chosen/moe", KernelLibraries.reference()));
    }

    private static double[] chosen(Compilation compiled, String output, KernelLibrary library) {
        var examples = new RandomExamples(5, compiled.options().optimizer().learningRate());
        try (var session = Session.open(compiled.plan(), new SessionOptions(library, 5))) {
            examples.fill(session, 1);
            session.run();
            HostTensor whole = session.gather(output);
            var values = new double[(int) whole.elements()];
            Arrays.setAll(values, whole::get);
            return values;
        }
    }

    @Test
    void however_the_batch_is_spread_the_same_choices_are_dropped() {
        for (String output : List.of("chosen/moe", "dropped/moe")) {
            double[] expected = null;
            for (CompileOptions options :
                    List.of(on(Mesh.ONE_DEVICE), DATA, EXPERT, BOTH, EXPERT.microBatches(2))) {
                Compilation compiled =
                        Compiler.compile(net(layer()), options.batch(8).dtype(Dtype.F64));
                double[] found = chosen(compiled, output, KernelLibraries.reference());
                expected = expected == null ? found : expected;
                assertThat(found).usingTolerance(1e-12).containsExactly(expected).inOrder();
            }
        }
    }

    @Test
    void what_finds_no_slot_is_counted() {
        // every position chooses both experts, which have 3 slots for 8 positions
        Experts layer = experts("moe", 2, 4).topK(2).capacity(0.375);
        Compilation compiled = Compiler.compile(net(layer), DATA.batch(4).dtype(Dtype.F64));
        assertThat(chosen(compiled, "chosen/moe", KernelLibraries.reference()))
                .usingTolerance(1e-12)
                .containsExactly(new double[] {0.5, 0.5});
        assertThat(chosen(compiled, "dropped/moe", KernelLibraries.reference()))
                .usingTolerance(1e-12)
                .containsExactly(new double[] {0.5 * 5 / 8, 0.5 * 5 / 8});
    }

    @Test
    void alike_experts_cost_the_weight_of_the_auxiliary_loss() {
        // with as many choices as experts every share is even, whatever the router says
        Experts layer = experts("moe", 4, 4).topK(4).dropless().auxiliary(0.25);
        Compilation compiled =
                Compiler.compile(net(layer), EXPERT.batch(8).microBatches(2).dtype(Dtype.F64));
        assertThat(chosen(compiled, "auxiliary-loss", KernelLibraries.reference()))
                .usingTolerance(1e-12)
                .containsExactly(new double[] {0.25});
    }

    @Test
    void a_run_says_how_evenly_experts_were_chosen() {
        var text = GeneratedText.of(1);
        Model net =
                model("moe", tokens("sequence", 8, text.vocabulary().size()))
                        .then(embedding("model", 8))
                        .then(residual(experts("moe", 4, 6).capacity(1)))
                        .then(tiedTo("model"))
                        .loss(crossEntropy());
        Compilation compiled = Compiler.compile(net, DATA.batch(8));
        TrainingRun run =
                Training.of(compiled, text.windows(8).train(), KernelLibraries.cpu()).steps(5);
        ExpertLoad load = run.experts().getFirst();
        assertThat(load.layer()).isEqualTo("moe");
        assertThat(load.chosen().stream().mapToDouble(c -> c).sum()).isWithin(1e-6).of(1);
        assertThat(load.droppedPerStep()).hasSize(5);
        double mean = load.droppedPerStep().stream().mapToDouble(d -> d).average().orElseThrow();
        assertThat(load.droppedShare()).isWithin(1e-6).of(mean);
        assertThat(load.droppedShare()).isGreaterThan(0);
        assertThat(
                        new ExpertLoad(
                                        "moe",
                                        List.of(0.5, 0.25, 0.25, 0.0),
                                        List.of(0.1),
                                        List.of())
                                .toString())
                .isEqualTo("moe: experts got 0.0 to 50.0 % of choices █▅▅▁, 10.0 % found no slot");
    }
}
