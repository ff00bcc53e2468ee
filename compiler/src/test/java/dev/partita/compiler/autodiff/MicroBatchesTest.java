package dev.partita.compiler.autodiff;

import static com.google.common.truth.Truth.assertThat;
import static dev.partita.compiler.CompileOptions.on;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.dropout;
import static dev.partita.dsl.layer.Layers.features;
import static dev.partita.dsl.layer.Layers.linear;
import static dev.partita.dsl.layer.Layers.model;
import static dev.partita.dsl.layer.Layers.relu;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.Compiler;
import dev.partita.compiler.plan.Program;
import dev.partita.compiler.plan.Step;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.example.SmallNets;
import java.util.List;
import org.junit.jupiter.api.Test;

class MicroBatchesTest {
    private static final Mesh MESH = Mesh.of("data", 2).by("tensor", 2);

    @Test
    void what_depends_on_examples_is_repeated_and_its_gradients_are_summed() {
        Model net = model("m", features("x", 4)).then(linear("y", 3)).loss(crossEntropy());
        TrainingGraph one = Differentiate.run(net.trace(8, 2, Dtype.F32, true));
        assertThat(printed(MicroBatches.repeat(one, 2)))
                .containsExactly(
                        "%0 = input \"x\" : f32[micro-batch=2, batch=4, x=4]",
                        "%1 = micro-batch 0 %0 : f32[batch=4, x=4]",
                        "%2 = parameter \"y.weight\" : f32[y=3, x=4]",
                        "%3 = einsum bk,ok->bo %1 %2 : f32[batch=4, y=3]",
                        "%4 = parameter \"y.bias\" : f32[y=3]",
                        "%5 = add-bias %3 %4 : f32[batch=4, y=3]",
                        "%6 = input \"labels\" : i32[micro-batch=2, batch=4]",
                        "%7 = micro-batch 0 %6 : i32[batch=4]",
                        "%8, %9 = cross-entropy %5 %7 : f32[batch=4], f32[batch=4]",
                        "%10 = sum [0] %8 : f32[]",
                        "%11 = scale 0.125 %10 : f32[]",
                        "%12 = constant 1.0 : f32[]",
                        "%13 = scale 0.125 %12 : f32[]",
                        "%14 = broadcast [] %13 : f32[batch=4]",
                        "%15 = cross-entropy-grad %5 %7 %9 %14 : f32[batch=4, y=3]",
                        "%16 = sum [0] %15 : f32[y=3]",
                        "%17 = einsum bo,bk->ok %15 %1 : f32[y=3, x=4]",
                        "%18 = micro-batch 1 %0 : f32[batch=4, x=4]",
                        "%19 = einsum bk,ok->bo %18 %2 : f32[batch=4, y=3]",
                        "%20 = add-bias %19 %4 : f32[batch=4, y=3]",
                        "%21 = micro-batch 1 %6 : i32[batch=4]",
                        "%22, %23 = cross-entropy %20 %21 : f32[batch=4], f32[batch=4]",
                        "%24 = sum [0] %22 : f32[]",
                        "%25 = scale 0.125 %24 : f32[]",
                        "%26 = add %25 %11 : f32[]",
                        "%27 = cross-entropy-grad %20 %21 %23 %14 : f32[batch=4, y=3]",
                        "%28 = sum [0] %27 : f32[y=3]",
                        "%29 = einsum bo,bk->ok %27 %18 : f32[y=3, x=4]",
                        "%30 = add %28 %16 : f32[y=3]",
                        "%31 = add %29 %17 : f32[y=3, x=4]")
                .inOrder();
    }

    @Test
    void one_micro_batch_changes_nothing() {
        TrainingGraph one = Differentiate.run(SmallNets.mlp().trace(8, Dtype.F32, true));
        assertThat(MicroBatches.repeat(one, 1)).isSameInstanceAs(one);
        assertThat(SmallNets.mlp().trace(8, 1, Dtype.F32, true).print())
                .isEqualTo(SmallNets.mlp().trace(8, Dtype.F32, true).print());
    }

    @Test
    void dropout_goes_on_where_the_micro_batch_before_ended() {
        Model net =
                model("m", features("x", 4))
                        .then(linear("h", 5))
                        .then(dropout(0.5))
                        .then(linear("y", 3))
                        .loss(crossEntropy());
        TrainingGraph one = Differentiate.run(net.trace(6, 3, Dtype.F32, true));
        assertThat(
                        MicroBatches.repeat(one, 3)
                                .graph()
                                .nodesOf(Op.Dropout.class)
                                .map(n -> ((Op.Dropout) n.op()).first())
                                .toList())
                .containsExactly(0L, 0L, 10L, 10L, 20L, 20L)
                .inOrder();
    }

    @Test
    void gradients_are_reduced_once_a_step_however_many_micro_batches() {
        for (Model net : List.of(SmallNets.mlp(), SmallNets.convnet())) {
            List<String> whole = reductionsOverData(Compiler.compile(net, sharded(1)));
            List<String> parts = reductionsOverData(Compiler.compile(net, sharded(4)));
            assertThat(parts).containsExactlyElementsIn(whole);
            assertThat(parts).isNotEmpty();
        }
    }

    @Test
    void choosing_a_micro_batch_moves_nothing() {
        Compilation plan = Compiler.compile(SmallNets.mlp(), sharded(4));
        Program program = plan.plan().program(0);
        List<Step.Compute> chosen =
                program.steps().stream()
                        .filter(Step.Compute.class::isInstance)
                        .map(Step.Compute.class::cast)
                        .filter(step -> step.op() instanceof Op.MicroBatch)
                        .toList();
        assertThat(chosen).hasSize(8);
        for (Step.Compute step : chosen) {
            int index = ((Op.MicroBatch) step.op()).index();
            var part = program.slot(step.writes().getFirst());
            assertThat(part.offset())
                    .isEqualTo(
                            program.slot(step.reads().getFirst()).offset()
                                    + index * part.type().bytes());
        }
        assertThat(plan.plan().print()).doesNotContain("all-gather");
    }

    @Test
    void activations_of_one_micro_batch_are_gone_when_the_next_begins() {
        Model deep =
                model("deep", features("x", 4))
                        .then(linear("a", 64))
                        .then(relu())
                        .then(linear("b", 64))
                        .then(relu())
                        .then(linear("c", 64))
                        .then(relu())
                        .then(linear("y", 4))
                        .loss(crossEntropy());
        CompileOptions options = on(Mesh.ONE_DEVICE).batch(4096);
        long whole = peak(deep, options);
        long parts = peak(deep, options.microBatches(16));
        long weights = 4 * 4 * deep.parameters();
        long inputs = 4096 * (4 + 1) * 4;
        long activations = whole - weights - inputs;
        assertThat(parts - weights - inputs).isLessThan(activations / 12);
        assertThat(peak(deep, options.microBatches(64))).isLessThan(parts);
    }

    @Test
    void gradients_are_summed_in_place() {
        Model wide =
                model("wide", features("x", 128))
                        .then(linear("a", 128))
                        .then(linear("b", 128))
                        .then(linear("c", 128))
                        .then(linear("y", 128))
                        .loss(crossEntropy());
        long weight = 128 * 128 * 4;
        for (long bucketBytes : new long[] {1, 1 << 18}) {
            CompileOptions options =
                    on(Mesh.of("data", 2))
                            .shard("batch")
                            .over("data")
                            .batch(16)
                            .bucketBytes(bucketBytes);
            assertThat(peak(wide, options.microBatches(8)))
                    .isAtMost(peak(wide, options.microBatches(2)));
            long more = peak(wide, options.microBatches(2)) - peak(wide, options);
            assertThat(more).isLessThan(2 * weight + bucketBytes);
        }
    }

    @Test
    void micro_batches_that_do_not_divide_are_a_problem_with_the_legal_numbers() {
        Problem problem = problem(sharded(3).batch(24).microBatches(5));
        assertThat(problem.code()).isEqualTo(ProblemCode.INDIVISIBLE_DIM);
        assertThat(problem.print()).contains("[1, 2, 3, 4, 6, 12]");
        assertThat(problem.fix()).isEqualTo("microBatches(4)");
        assertThat(problem(sharded(8).batch(8)).print()).contains("[1, 2, 4]");
        assertThrows(ProblemException.class, () -> sharded(0));
    }

    private static CompileOptions sharded(long microBatches) {
        return on(MESH).shard("batch")
                .over("data")
                .shard("hidden")
                .over("tensor")
                .batch(16)
                .microBatches(microBatches);
    }

    private static Problem problem(CompileOptions options) {
        return assertThrows(
                        ProblemException.class, () -> Compiler.compile(SmallNets.mlp(), options))
                .problem();
    }

    private static long peak(Model net, CompileOptions options) {
        return Compiler.compile(net, options).plan().program(0).arenaBytes();
    }

    private static List<String> reductionsOverData(Compilation plan) {
        return plan.plan()
                .program(0)
                .collectives()
                .filter(s -> s.op().axes().stream().anyMatch(a -> a.name().equals("data")))
                .map(s ->
                        s.op()
                                + " of "
                                + plan.plan().program(0).span(s.sources()).bytes()
                                + " bytes")
                .toList();
    }

    private static List<String> printed(TrainingGraph graph) {
        return graph.graph().nodes().stream().map(Object::toString).toList();
    }
}
