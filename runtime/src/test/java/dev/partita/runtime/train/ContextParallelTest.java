package dev.partita.runtime.train;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.Truth.assertWithMessage;
import static dev.partita.compiler.CompileOptions.allToAll;
import static dev.partita.compiler.CompileOptions.gather;
import static dev.partita.compiler.CompileOptions.on;
import static dev.partita.compiler.CompileOptions.ring;
import static dev.partita.dsl.layer.Layers.attention;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.dropout;
import static dev.partita.dsl.layer.Layers.embedding;
import static dev.partita.dsl.layer.Layers.feedForward;
import static dev.partita.dsl.layer.Layers.layerNorm;
import static dev.partita.dsl.layer.Layers.model;
import static dev.partita.dsl.layer.Layers.positions;
import static dev.partita.dsl.layer.Layers.residual;
import static dev.partita.dsl.layer.Layers.rmsNorm;
import static dev.partita.dsl.layer.Layers.tiedTo;
import static dev.partita.dsl.layer.Layers.tokens;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.Compiler;
import dev.partita.compiler.ContextAttention;
import dev.partita.compiler.Precision;
import dev.partita.compiler.Recompute;
import dev.partita.compiler.ShardRequest;
import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.compiler.plan.PlanDescription;
import dev.partita.compiler.plan.PlanDescription.CollectiveDescription;
import dev.partita.compiler.plan.Program;
import dev.partita.compiler.plan.Slot;
import dev.partita.compiler.plan.Step;
import dev.partita.dsl.graph.AttentionOp;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.kernels.KernelLibraries;
import dev.partita.kernels.KernelLibrary;
import dev.partita.kernels.SeenKeys;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Attention over positions that lie on several devices, in every way and together with everything
/// else, against one device.
class ContextParallelTest {
    private static final Model NET =
            model("text", tokens("sequence", 16, 16))
                    .then(embedding("model", 16))
                    .then(positions("positions"))
                    .then(
                            residual(
                                    layerNorm("norm1"),
                                    attention("mix1", 8).groups(4).causal().rotary(),
                                    dropout(0.1)))
                    .then(residual(rmsNorm("norm2"), feedForward("mlp", 8), dropout(0.1)))
                    .then(residual(attention("mix2", 4).causal()))
                    .then(tiedTo("model"))
                    .loss(crossEntropy().ignoring(-100));

    private static final List<ContextAttention> WAYS = List.of(gather(), ring(), allToAll());

    private static CompileOptions placed(
            Mesh mesh, List<String> axes, ContextAttention way, boolean balanced) {
        ShardRequest.Words positions = on(mesh).batch(4).attention(way).shard("sequence");
        return (balanced ? positions.balanced() : positions).over(axes.toArray(String[]::new));
    }

    private static CompileOptions over(Mesh mesh, ContextAttention way, boolean balanced) {
        return placed(mesh, List.of("context"), way, balanced);
    }

    private static void assertEqual(Compilation plan, KernelLibrary library) {
        Proof proof = Proof.of(plan, library, 7, 2);
        String about = "%s %s\n%s".formatted(plan, plan.options().attention(), proof.describe());
        assertWithMessage(about).that(proof.equal()).isTrue();
        assertWithMessage(about).that(proof.peakBytes()).isEqualTo(proof.predictedPeakBytes());
    }

    static Stream<Arguments> waysAndDeals() {
        return WAYS.stream()
                .flatMap(way -> Stream.of(false, true).map(deal -> Arguments.of(way, deal)));
    }

    /// What context parallelism is mixed with.
    record Mix(
            String name, String mesh, List<String> positions, UnaryOperator<CompileOptions> more) {
        Mix(String name, String mesh, UnaryOperator<CompileOptions> more) {
            this(name, mesh, List.of("context"), more);
        }

        @Override
        public String toString() {
            return name;
        }
    }

    private static final List<Mix> MIXES =
            List.of(
                    new Mix("alone", "context=4", o -> o),
                    new Mix(
                            "over two axes",
                            "data=2,context=2",
                            List.of("data", "context"),
                            o -> o),
                    new Mix("data", "data=2,context=2", o -> o.shard("batch").over("data")),
                    new Mix(
                            "zero",
                            "data=2,context=2",
                            o -> o.shard("batch").over("data").zero(3).over("data")),
                    new Mix("zero over it", "context=2", o -> o.zero(3).over("context")),
                    new Mix(
                            "tensor",
                            "context=2,tensor=2",
                            o ->
                                    o.shard("heads")
                                            .over("tensor")
                                            .shard("ffn")
                                            .over("tensor")
                                            .shard("vocab")
                                            .over("tensor")),
                    new Mix(
                            "sequence over tensor",
                            "context=2,tensor=2",
                            o ->
                                    o.shard("heads")
                                            .over("tensor")
                                            .shard("sequence")
                                            .at("norm1", "mix1.output")
                                            .over("context", "tensor")),
                    new Mix("micro-batches", "context=2", o -> o.microBatches(2)),
                    new Mix("recompute", "context=2", o -> o.recompute(Recompute.full())),
                    new Mix(
                            "casts",
                            "context=2",
                            o ->
                                    o.precision(
                                            new Precision(
                                                    "f32 in f64", Dtype.F64, Dtype.F32, true))),
                    new Mix(
                            "all",
                            "data=2,context=2,tensor=2",
                            o ->
                                    o.shard("batch")
                                            .over("data")
                                            .shard("heads")
                                            .over("tensor")
                                            .zero(2)
                                            .over("data")
                                            .microBatches(2)
                                            .recompute(Recompute.full())
                                            .clipNorm(0.1)));

    /// Every mix in every way, one after the other in order and balanced.
    static Stream<Arguments> mixes() {
        return IntStream.range(0, MIXES.size())
                .boxed()
                .flatMap(mix ->
                        IntStream.range(0, WAYS.size())
                                .mapToObj(way ->
                                        Arguments.of(
                                                MIXES.get(mix),
                                                WAYS.get(way),
                                                (mix + way) % 2 == 0)));
    }

    @ParameterizedTest(name = "{0}, {1}, balanced {2}")
    @MethodSource("mixes")
    void it_equals_one_device_mixed_with_everything(
            Mix mix, ContextAttention way, boolean balanced) {
        CompileOptions placed =
                placed(Mesh.parse(mix.mesh()), mix.positions(), way, balanced).dtype(Dtype.F64);
        assertEqual(Compiler.compile(NET, mix.more().apply(placed)), KernelLibraries.reference());
    }

    @ParameterizedTest(name = "{0}, balanced {1}")
    @MethodSource("waysAndDeals")
    void fast_kernels_in_floats_and_half_floats_equal_one_device(
            ContextAttention way, boolean balanced) {
        CompileOptions options = over(Mesh.of("context", 2), way, balanced);
        assertEqual(Compiler.compile(NET, options), KernelLibraries.cpu());
        assertEqual(
                Compiler.compile(NET, options.precision(Precision.BF16)), KernelLibraries.cpu());
    }

    /// Pairs of a query and a key for which each device computes a score, forward and backward.
    private static List<Long> scores(ExecutionPlan plan) {
        return IntStream.range(0, plan.devices())
                .mapToObj(rank ->
                        plan.program(rank).steps().stream()
                                .mapToLong(step -> scores(plan, rank, step))
                                .sum())
                .toList();
    }

    private static long scores(ExecutionPlan plan, int rank, Step step) {
        if (!(step instanceof Step.Compute compute)) {
            return 0;
        }
        boolean causal =
                switch (compute.op()) {
                    case AttentionOp.Attention attention -> attention.causal();
                    case AttentionOp.AttentionGrad grad -> grad.causal();
                    case Op _ -> false;
                };
        if (!causal) {
            return 0;
        }
        Program program = plan.program(rank);
        Slot queries = program.slot(compute.reads().get(0));
        Slot keys = program.slot(compute.reads().get(1));
        return SeenKeys.of(
                        queries.type().shape(),
                        queries.region(plan.mesh(), rank),
                        keys.type().shape(),
                        keys.region(plan.mesh(), rank),
                        true)
                .pairs();
    }

    @Test
    void balanced_devices_compute_equally_many_scores_and_all_together_none_twice() {
        // two attentions, forward and backward, each with the triangle of 16 positions
        long all = 2 * 2 * (16 * 17 / 2);
        for (ContextAttention way : List.of(gather(), ring())) {
            CompileOptions options = over(Mesh.of("context", 4), way, false);
            List<Long> inOrder = scores(Compiler.compile(NET, options).plan());
            assertThat(inOrder.stream().mapToLong(i -> i).sum()).isEqualTo(all);
            assertThat(inOrder).containsExactly(40L, 104L, 168L, 232L).inOrder();
            List<Long> balanced =
                    scores(Compiler.compile(NET, over(Mesh.of("context", 4), way, true)).plan());
            assertThat(balanced).containsExactly(all / 4, all / 4, all / 4, all / 4);
        }
    }

    @Test
    void in_a_balanced_ring_devices_have_equal_work_in_every_turn() {
        ExecutionPlan plan =
                Compiler.compile(NET, over(Mesh.of("context", 4), ring(), true)).plan();
        for (Step step : plan.program(0).steps()) {
            long first = scores(plan, 0, step);
            for (int rank = 1; rank < plan.devices(); rank++) {
                assertWithMessage("step %s, rank %s", step.id(), rank)
                        .that(scores(plan, rank, step))
                        .isEqualTo(first);
            }
        }
    }

    @Test
    void neither_a_ring_nor_an_all_to_all_gathers_keys() {
        for (ContextAttention way : WAYS) {
            Compilation plan = Compiler.compile(NET, over(Mesh.of("context", 2), way, true));
            List<String> kinds =
                    PlanDescription.of(plan.plan()).collectives().stream()
                            .filter(each -> each.because().contains("attention"))
                            .map(CollectiveDescription::kind)
                            .distinct()
                            .toList();
            assertThat(kinds)
                    .containsExactly(
                            switch (way) {
                                case ContextAttention.Gather _ -> "all-gather";
                                case ContextAttention.Ring _ -> "rotate";
                                case ContextAttention.AllToAll _ -> "all-to-all";
                            });
        }
    }
}
