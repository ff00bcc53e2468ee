package dev.partita.runtime.train;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.Truth.assertWithMessage;
import static dev.partita.compiler.CompileOptions.on;
import static dev.partita.dsl.layer.Layers.adam;
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
import static dev.partita.dsl.layer.Layers.relu;
import static dev.partita.dsl.layer.Layers.residual;
import static dev.partita.dsl.layer.Layers.tiedTo;
import static dev.partita.dsl.layer.Layers.tokens;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.Compiler;
import dev.partita.compiler.Precision;
import dev.partita.compiler.Recompute;
import dev.partita.compiler.pipeline.PipelineSchedule;
import dev.partita.compiler.pipeline.ScheduleStyle;
import dev.partita.compiler.pipeline.Schedules;
import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.problem.Origin;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.kernels.KernelLibraries;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Models cut into stages, in every order of the micro-batches.
final class PipelineTest {
    private static final Model TEXT = text();

    /// Four blocks, and an embedding that the first and the last stage share.
    private static Model text() {
        Model net =
                model("text", tokens("sequence", 4, 12)).then(embedding("model", 8).deviation(0.5));
        for (int i = 1; i <= 4; i++) {
            net = net.then(residual(layerNorm("a" + i), attention("mix" + i, 2).causal()));
            net = net.then(residual(layerNorm("b" + i), feedForward("mlp" + i, 12), dropout(0.1)));
        }
        return net.then(layerNorm("norm")).then(tiedTo("model")).loss(crossEntropy());
    }

    private static CompileOptions pipe(Mesh mesh, int microBatches) {
        return on(mesh).batch(24).microBatches(microBatches).dtype(Dtype.F64).optimizer(adam(1e-2));
    }

    private static int stages(ScheduleStyle style, int devices) {
        return devices * (style.chunks() == 0 ? 2 : style.chunks());
    }

    private static void assertProved(Model model, CompileOptions options) {
        Compilation plan = Compiler.compile(model, options);
        Proof proof = Proof.of(plan, KernelLibraries.reference(), 3, 2);
        assertWithMessage("%s\n%s", options.stageRequest(), proof.describe())
                .that(proof.equal())
                .isTrue();
        assertThat(proof.peakBytes()).isEqualTo(proof.predictedPeakBytes());
    }

    static Stream<Arguments> orders() {
        List<Arguments> all = new ArrayList<>();
        for (ScheduleStyle style : Schedules.STYLES) {
            for (int devices : new int[] {1, 2, 4}) {
                for (int microBatches : new int[] {1, 3, 4, 8}) {
                    if (!style.name().equals("dualpipe-v") || microBatches >= 2 * devices) {
                        all.add(Arguments.of(style, devices, microBatches));
                    }
                }
            }
        }
        return all.stream();
    }

    @ParameterizedTest(name = "{0} on {1} devices, {2} micro-batches")
    @MethodSource("orders")
    void every_schedule_equals_one_device(ScheduleStyle style, int devices, int microBatches) {
        CompileOptions options = pipe(Mesh.of("pipe", devices), microBatches);
        assertProved(
                TEXT, options.stages(stages(style, devices)).schedule(style.name()).over("pipe"));
    }

    static Stream<Arguments> mixes() {
        List<UnaryOperator<CompileOptions>> mixes =
                List.of(
                        o -> o.shard("batch").over("other"),
                        o -> o.shard("batch").over("other").zero(1).over("other"),
                        o -> o.shard("batch").over("other").zero(2).over("other"),
                        o -> o.shard("batch").over("other").zero(3).over("other"),
                        o ->
                                o.shard("heads")
                                        .over("other")
                                        .shard("ffn")
                                        .over("other")
                                        .shard("vocab")
                                        .over("other"),
                        o -> o.shard("sequence").over("other"),
                        o -> o.shard("batch").over("other").recompute(Recompute.full()),
                        o -> o.shard("batch").over("other").clipNorm(0.05),
                        o -> o.shard("batch").over("other").precision(Precision.F16),
                        o -> o.shard("batch").over("other").precision(Precision.BF16));
        List<Arguments> all = new ArrayList<>();
        for (String style : List.of("1f1b", "zb-h1", "interleaved", "zb-v")) {
            for (int i = 0; i < mixes.size(); i++) {
                all.add(Arguments.of(style, i, mixes.get(i)));
            }
        }
        return all.stream();
    }

    @ParameterizedTest(name = "{0} and mix {1}")
    @MethodSource("mixes")
    void stages_combine_with_every_other_strategy(
            String style, int number, UnaryOperator<CompileOptions> mix) {
        CompileOptions options = mix.apply(pipe(Mesh.of("pipe", 2).by("other", 2), 4));
        int count = stages(Schedules.named(style), 2);
        assertProved(TEXT, options.stages(count).schedule(style).over("pipe"));
    }

    @Test
    void layers_are_placed_on_devices_one_after_the_other() {
        Model net =
                model("convnet", image("pixels", 1, 8, 8))
                        .then(conv2d("c1", 4, 3).withoutBias())
                        .then(batchNorm("n1"))
                        .then(relu())
                        .then(maxPool(2))
                        .then(flatten())
                        .then(linear("hidden", 8))
                        .then(relu())
                        .then(linear("classes", 4))
                        .loss(crossEntropy());
        CompileOptions options = pipe(Mesh.of("pipe", 3), 1);
        assertProved(net, options.stages("hidden", "classes").schedule("sequential").over("pipe"));
    }

    @Test
    void a_schedule_of_ones_own_is_run_as_it_is_written() {
        PipelineSchedule own =
                PipelineSchedule.parse(
                        """
                        0F0 0F1 0F2 0B2 0B0 0B1
                        1F0 1F1 1F2 1B2 1B0 1B1
                        """);
        CompileOptions options = pipe(Mesh.of("pipe", 2), 3);
        assertProved(TEXT, options.stages(2).schedule(own).over("pipe"));
    }

    @Test
    void one_forward_one_backward_needs_less_memory_than_gpipe() {
        CompileOptions options = pipe(Mesh.of("pipe", 2), 8);
        long all = peak(options.stages(2).schedule("gpipe").over("pipe"));
        long few = peak(options.stages(2).schedule("1f1b").over("pipe"));
        assertThat(few).isLessThan(all / 2);
    }

    private static long peak(CompileOptions options) {
        return Compiler.compile(TEXT, options).plan().peakBytes();
    }

    @Test
    void a_tied_weight_is_sent_once_a_step_and_its_gradient_comes_back_once() {
        CompileOptions options = pipe(Mesh.of("pipe", 2), 8);
        Compilation plan = Compiler.compile(TEXT, options.stages(2).over("pipe"));
        List<String> sent =
                plan.plan()
                        .program(0)
                        .collectives()
                        .filter(start -> start.op() instanceof Reshard.Send)
                        .map(start ->
                                Stream.concat(start.sources().stream(), start.targets().stream())
                                        .map(slot -> plan.plan().program(0).slot(slot).type())
                                        .toList()
                                        .toString())
                        .filter(type -> type.contains("vocab"))
                        .toList();
        assertThat(sent).hasSize(2);
    }

    @Test
    void what_cannot_be_is_a_problem() {
        CompileOptions options = pipe(Mesh.of("pipe", 2), 4);
        assertThat(problem(options.stages("mix2").over("pipe")))
                .isEqualTo(
                        """
                        [StageCut] A stage cannot begin here.
                          layer:                  mix2
                          what would cross:       f64[batch=6, sequence=4, model=8] of residual2, f64[batch=6, sequence=4, model=8] of a2
                          a stage may begin with: a1, b1, a2, b2, a3, b3, a4, b4, norm, tied1
                          try:                    name layers that one activation alone leads to, in their order\
                        """);
        assertThat(problem(pipe(Mesh.of("pipe", 16), 4).stages(16).over("pipe")))
                .startsWith("[StageCut] The model cannot be cut into so many stages.");
        assertThat(problem(options.stages("mlp5").over("pipe"))).startsWith("[UnknownLayer]");
        assertThat(problem(options.stages(3).over("pipe")))
                .isEqualTo(
                        """
                        [InvalidArgument] The schedule is made for other stages.
                          schedule:               1f1b
                          stages of the schedule: 2
                          stages here:            3
                          try:                    2 stages, or another schedule\
                        """);
        PipelineSchedule two = PipelineSchedule.parse("0F0 0F1 0B0 0B1\n1F0 1B0 1F1 1B1");
        assertThat(problem(options.stages(2).schedule(two).over("pipe")))
                .contains("micro-batches of the schedule: 2");
        assertThrows(ProblemException.class, () -> options.stages(2).over("pip"));
        assertThat(problem(options.shard("batch").over("pipe").stages(2).over("pipe")))
                .startsWith("[AxisUsedTwice]");
    }

    private static String problem(CompileOptions options) {
        ProblemException exception =
                assertThrows(ProblemException.class, () -> Compiler.compile(TEXT, options));
        Problem problem = exception.problem();
        assertThat(problem.code()).isNotEqualTo(ProblemCode.PLAN_REJECTED);
        return problem.at(Origin.UNKNOWN).print();
    }
}
