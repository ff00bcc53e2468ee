package dev.partita.runtime.train;

import static com.google.common.truth.Truth.assertWithMessage;
import static dev.partita.compiler.CompileOptions.on;
import static dev.partita.dsl.layer.Layers.averagePool;
import static dev.partita.dsl.layer.Layers.batchNorm;
import static dev.partita.dsl.layer.Layers.conv2d;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.dim;
import static dev.partita.dsl.layer.Layers.dropout;
import static dev.partita.dsl.layer.Layers.embedding;
import static dev.partita.dsl.layer.Layers.gelu;
import static dev.partita.dsl.layer.Layers.image;
import static dev.partita.dsl.layer.Layers.linear;
import static dev.partita.dsl.layer.Layers.model;
import static dev.partita.dsl.layer.Layers.relu;
import static dev.partita.dsl.layer.Layers.residual;
import static dev.partita.dsl.layer.Layers.sgd;
import static dev.partita.dsl.layer.Layers.tokens;

import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.Compiler;
import dev.partita.compiler.Precision;
import dev.partita.compiler.Recompute;
import dev.partita.compiler.partition.LocalGraph;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.kernels.KernelLibraries;
import dev.partita.kernels.KernelLibrary;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The mistakes that people make by hand, and that no crash reports, seeded on purpose. Some are
/// seen in the plan; run in spite of that, none passes the proof: neither in doubles nor in floats,
/// where a network needs the closer look.
final class ClassicMistakesTest {
    /// What a mistake is made in, and how exactly that is proved.
    ///
    /// @param rows the dim to split by: the sequence where there is one, else the examples
    record Subject(
            String name,
            Model net,
            String rows,
            boolean needsCloserLook,
            Dtype dtype,
            KernelLibrary library) {
        CompileOptions data() {
            return placed(Mesh.of("data", 2)).shard("batch").over("data");
        }

        CompileOptions tensor() {
            return placed(Mesh.of("tensor", 2)).shard("hidden").over("tensor");
        }

        CompileOptions byRows() {
            return placed(Mesh.of("rows", 2)).shard(rows).over("rows");
        }

        private CompileOptions placed(Mesh mesh) {
            return on(mesh).batch(8).dtype(dtype).optimizer(sgd(0.05));
        }

        Proof right(CompileOptions options) {
            return Proof.of(Compiler.compile(net, options), library, 7, 3);
        }

        void assertFound(
                CompileOptions options,
                UnaryOperator<LocalGraph> mistake,
                Optional<ProblemCode> inThePlan) {
            assertFound(SeededMistake.afterPartition(net, options, mistake), inThePlan);
        }

        @Override
        public String toString() {
            return name;
        }

        void assertFound(SeededMistake seeded, Optional<ProblemCode> inThePlan) {
            Proof proof = seeded.proof(library);
            assertWithMessage(proof.describe()).that(proof.equal()).isFalse();
            assertWithMessage("%s", seeded.wrong()).that(seeded.rejection()).isEqualTo(inThePlan);
        }
    }

    static Stream<Subject> subjects() {
        Model text =
                model("text", tokens("position", 4, 12))
                        .then(embedding("model", 8))
                        .then(linear("hidden", 8))
                        .then(gelu())
                        .then(dropout(0.3))
                        .then(linear("down", dim("model", 8)))
                        .then(gelu())
                        .then(linear("classes", 12))
                        .loss(crossEntropy());
        // batch norm takes the bias of the stem out again: the gradient of that bias is rounding
        // alone, and differs by as much as it is
        Model residual =
                model("residual", image("pixels", 2, 8, 8))
                        .then(conv2d("stem", 8, 3, 1, 1))
                        .then(batchNorm("stem-norm"))
                        .then(relu())
                        .then(
                                residual(
                                        conv2d("c1", 8, 3, 1, 1).withoutBias(),
                                        batchNorm("n1"),
                                        relu(),
                                        conv2d("c2", 8, 3, 1, 1).withoutBias(),
                                        batchNorm("n2")))
                        .then(relu())
                        .then(averagePool())
                        .then(linear("hidden", 8))
                        .then(relu())
                        .then(dropout(0.3))
                        .then(linear("classes", 6))
                        .loss(crossEntropy());
        return Stream.of(
                new Subject(
                        "a text in f64",
                        text,
                        "position",
                        false,
                        Dtype.F64,
                        KernelLibraries.reference()),
                new Subject(
                        "a residual net in f32",
                        residual,
                        "batch",
                        true,
                        Dtype.F32,
                        KernelLibraries.cpu()));
    }

    private static final Optional<ProblemCode> NOT_SEEN = Optional.empty();
    private static final Optional<ProblemCode> SEEN = Optional.of(ProblemCode.PLAN_REJECTED);
    private static final Optional<ProblemCode> SEEN_AS_PARTIAL =
            Optional.of(ProblemCode.PARTIAL_USED_AS_WHOLE);

    @ParameterizedTest(name = "in {0}")
    @MethodSource("subjects")
    void without_a_mistake_the_proof_holds(Subject in) {
        boolean closer = false;
        for (CompileOptions options : new CompileOptions[] {in.data(), in.tensor(), in.byRows()}) {
            Proof proof = in.right(options);
            assertWithMessage(proof.describe()).that(proof.equal()).isTrue();
            closer |= !proof.closerLook().isEmpty();
        }
        assertWithMessage("a closer look was needed").that(closer).isEqualTo(in.needsCloserLook());
    }

    @ParameterizedTest(name = "in {0}")
    @MethodSource("subjects")
    void a_gradient_norm_per_shard_is_found(Subject in) {
        in.assertFound(in.tensor(), Mistakes::normPerShard, SEEN_AS_PARTIAL);
    }

    @ParameterizedTest(name = "in {0}")
    @MethodSource("subjects")
    void a_loss_divided_by_the_examples_of_one_shard_is_found(Subject in) {
        in.assertFound(in.data(), local -> Mistakes.lossByShard(local, 2), NOT_SEEN);
    }

    @ParameterizedTest(name = "in {0}")
    @MethodSource("subjects")
    void a_bias_gradient_that_is_not_summed_over_the_rows_is_found(Subject in) {
        in.assertFound(
                in.byRows(), local -> Mistakes.biasNotSummed(local, "hidden"), SEEN_AS_PARTIAL);
    }

    @ParameterizedTest(name = "in {0}")
    @MethodSource("subjects")
    void dropout_that_is_the_same_on_all_shards_is_found(Subject in) {
        in.assertFound(in.tensor(), Mistakes::sameDropout, SEEN);
    }

    @ParameterizedTest(name = "in {0}")
    @MethodSource("subjects")
    void a_recomputed_dropout_that_draws_anew_is_found(Subject in) {
        CompileOptions options = in.data().recompute(Recompute.selective("dropout"));
        assertWithMessage("before").that(in.right(options).equal()).isTrue();
        in.assertFound(options, Mistakes::recomputedAnew, NOT_SEEN);
    }

    @ParameterizedTest(name = "in {0}")
    @MethodSource("subjects")
    void a_loss_scale_that_one_rank_keeps_is_found(Subject in) {
        CompileOptions options = in.data().precision(scaled(in.dtype()));
        assertWithMessage("before").that(in.right(options).equal()).isTrue();
        in.assertFound(
                SeededMistake.onRank(1, in.net, options, Mistakes::keepsLossScale), NOT_SEEN);
    }

    /// The other half of that mistake cannot even be run: devices that disagree fail the step.
    @ParameterizedTest(name = "in {0}")
    @MethodSource("subjects")
    void an_overflow_that_one_rank_does_not_look_for_is_found(Subject in) {
        CompileOptions options = in.data().precision(scaled(in.dtype()));
        SeededMistake seeded =
                SeededMistake.onRank(1, in.net, options, Mistakes::looksForNoOverflow);
        assertWithMessage("%s", seeded.wrong()).that(seeded.rejection()).isEqualTo(SEEN);
    }

    /// With a loss scale and casts, but in types wide enough for a sharp proof.
    private static Precision scaled(Dtype dtype) {
        return new Precision("scaled", dtype, Dtype.F32, true);
    }
}
