package dev.partita.compiler.verify;

import static com.google.common.truth.Truth.assertThat;
import static dev.partita.compiler.CompileOptions.on;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.features;
import static dev.partita.dsl.layer.Layers.linear;
import static dev.partita.dsl.layer.Layers.model;
import static dev.partita.dsl.layer.Layers.swiGlu;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.compiler.Compiler;
import dev.partita.compiler.assemble.Assembler;
import dev.partita.compiler.memory.PackArena;
import dev.partita.compiler.partition.LocalGraph;
import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.compiler.plan.MemoryUse;
import dev.partita.compiler.schedule.Overlap;
import dev.partita.compiler.schedule.SplitRoles;
import dev.partita.dsl.graph.Elementwise;
import dev.partita.dsl.graph.GraphBuilder;
import dev.partita.dsl.graph.Initializer;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.RowOp;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.mesh.DimSharding;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.mesh.Placement;
import dev.partita.dsl.problem.Origin;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import dev.partita.dsl.tensor.TensorType;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// Programs written by hand, in which a device takes its summand, or a part that does not belong
/// there, for what the op needs.
final class PlacementVerifierTest {
    private static final Mesh MESH = Mesh.of("tensor", 2);

    private final GraphBuilder builder =
            new GraphBuilder("net").at("hidden", new Origin("Net.java", 7));
    private final Map<Value, LocalGraph.Block> blocks = new HashMap<>();

    /// A leaf that lies as said.
    private Value leaf(String name, String type, Placement placement) {
        TensorType whole = TensorType.parse(type);
        TensorType own = placement.local(whole, MESH);
        return lies(
                builder.add(new Op.Parameter(name, own, new Initializer.Fill(1))), type, placement);
    }

    private Value lies(Value local, String wholeType, Placement placement) {
        var whole = new Value(local.id(), TensorType.parse(wholeType));
        blocks.put(local, new LocalGraph.Block(whole, placement, MemoryUse.ACTIVATIONS));
        return local;
    }

    private static Placement sharded(String... axes) {
        return Placement.of(
                Arrays.stream(axes)
                        .map(a -> a.isEmpty() ? DimSharding.WHOLE : new DimSharding(List.of(a)))
                        .toList());
    }

    /// `x w^T`, both sharded in what is summed over: a summand on each device.
    private Value pendingProduct(String name) {
        Value x = leaf("x-" + name, "f32[batch=4, in=6]", sharded("", "tensor"));
        Value w = leaf("w-" + name, "f32[hidden=8, in=6]", sharded("", "tensor"));
        return lies(
                builder.add(Op.Einsum.of("bk,ok->bo"), x, w),
                "f32[batch=4, hidden=8]",
                sharded("", "").withPartial(List.of("tensor")));
    }

    private Problem problem() {
        var local = new LocalGraph(builder.build(), MESH, blocks, Map.of());
        ExecutionPlan plan = Assembler.run(PackArena.run(SplitRoles.run(Overlap.run(local))));
        return assertThrows(ProblemException.class, () -> PlanVerifier.verify(plan)).problem();
    }

    @Test
    void a_product_of_two_summands_is_no_summand_of_the_product() {
        Value a = pendingProduct("a");
        Value b = pendingProduct("b");
        Value product = builder.add(new Elementwise.Multiply(), a, b);
        lies(product, "f32[batch=4, hidden=8]", sharded("", "").withPartial(List.of("tensor")));
        builder.output("y", product);
        assertThat(problem().print())
                .isEqualTo(
                        """
                        [PartialUsedAsWhole] A sum over devices is used before it is done.
                          step:                            2  multiply s2 s5 -> s6 : f32[batch=4, hidden=8]  ; hidden Net.java:7
                          because:                         each device would take its own summand for the whole
                          value:                           s2@384 : f32[batch=4, hidden=8] lies [{}, {}] sum{tensor}
                          all-reduce tensor:               a device sends 128 bytes
                          reduce-scatter tensor by batch:  a device sends 64 bytes, then it lies in parts
                          reduce-scatter tensor by hidden: a device sends 64 bytes, then it lies in parts
                          value:                           s5@512 : f32[batch=4, hidden=8] lies [{}, {}] sum{tensor}
                          all-reduce tensor:               a device sends 128 bytes
                          reduce-scatter tensor by batch:  a device sends 64 bytes, then it lies in parts
                          reduce-scatter tensor by hidden: a device sends 64 bytes, then it lies in parts
                          ranks:                           0, 1
                          at:                              Net.java:7
                          try:                             complete the sum before this step, in one of these ways\
                        """);
    }

    @Test
    void a_norm_of_a_summand_is_no_norm() {
        Value a = pendingProduct("a");
        Value gain = leaf("gain", "f32[hidden=8]", sharded(""));
        var norm = builder.addAll(new RowOp.RmsNorm(1e-5), List.of(a, gain));
        lies(norm.results().get(0), "f32[batch=4, hidden=8]", sharded("", ""));
        lies(norm.results().get(1), "f32[batch=4]", sharded(""));
        builder.output("y", norm.results().get(0));
        assertThat(problem().print())
                .isEqualTo(
                        """
                        [PartialUsedAsWhole] A sum over devices is used before it is done.
                          step:                           1  rms-norm s2 s3 -> s4 s5 : f32[batch=4, hidden=8], f32[batch=4]  ; hidden Net.java:7
                          because:                        each device would take its own summand for the whole
                          value:                          s2@256 : f32[batch=4, hidden=8] lies [{}, {}] sum{tensor}
                          all-reduce tensor:              a device sends 128 bytes
                          reduce-scatter tensor by batch: a device sends 64 bytes, then it lies in parts
                          ranks:                          0, 1
                          at:                             Net.java:7
                          try:                            complete the sum before this step, in one of these ways\
                        """);
    }

    @Test
    void a_sum_of_squares_over_a_summand_is_none_of_the_value() {
        Value squares = builder.add(new Op.SumSquares(), pendingProduct("a"));
        builder.output("norm", lies(squares, "f32[]", sharded()));
        assertThat(problem().code()).isEqualTo(ProblemCode.PARTIAL_USED_AS_WHOLE);
    }

    @Test
    void a_sum_of_summands_is_a_summand_but_not_with_a_whole_value() {
        Value a = pendingProduct("a");
        Value whole = leaf("bias", "f32[batch=4, hidden=8]", sharded("", ""));
        Value sum = builder.add(new Elementwise.Add(), a, whole);
        lies(sum, "f32[batch=4, hidden=8]", sharded("", "").withPartial(List.of("tensor")));
        builder.output("y", sum);
        assertThat(problem().code()).isEqualTo(ProblemCode.PARTIAL_USED_AS_WHOLE);
    }

    @Test
    void parts_that_do_not_belong_together_are_rejected() {
        Value a = leaf("a", "f32[batch=4, hidden=8]", sharded("tensor", ""));
        Value b = leaf("b", "f32[batch=2, hidden=8]", sharded("", ""));
        Value sum = builder.add(new Elementwise.Add(), a, b);
        lies(sum, "f32[batch=4, hidden=8]", sharded("tensor", ""));
        builder.output("y", sum);
        assertThat(problem().print())
                .contains("s1@64 lies [{}, {}], where this op has batch over {tensor}");
    }

    @Test
    void a_forgotten_sum_is_rejected_where_it_would_be_forgotten() {
        Value x = leaf("x", "f32[batch=4, in=6]", sharded("", "tensor"));
        Value w = leaf("w", "f32[hidden=8, in=6]", sharded("", "tensor"));
        Value y = builder.add(Op.Einsum.of("bk,ok->bo"), x, w);
        builder.output("y", lies(y, "f32[batch=4, hidden=8]", sharded("", "")));
        assertThat(problem().print())
                .contains("s2@192 lies [{}, {}], by the op's rule [{}, {}] sum{tensor}");
    }

    /// A model cannot say such a plan: where two sums meet in a product, the partitioner completes
    /// both, each with its reason.
    @Test
    void in_a_model_both_sums_are_completed_before_they_are_multiplied() {
        Model net =
                model("net", features("model", 8))
                        .then(swiGlu("mlp", 8))
                        .then(linear("classes", 4))
                        .loss(crossEntropy());
        var plan = Compiler.compile(net, on(MESH).shard("model").over("tensor").batch(4));
        List<String> reasons =
                plan.plan().program(0).collectives().map(start -> start.note().because()).toList();
        assertThat(reasons.getFirst())
                .matches(
                        "all-reduce tensor because %\\d+ \\[\\{}, \\{}] sum\\{tensor} meets .*\\(and 1 more\\)");
    }
}
