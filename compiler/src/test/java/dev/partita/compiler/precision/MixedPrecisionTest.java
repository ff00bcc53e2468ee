package dev.partita.compiler.precision;

import static com.google.common.truth.Truth.assertThat;
import static dev.partita.compiler.CompileOptions.on;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.embedding;
import static dev.partita.dsl.layer.Layers.experts;
import static dev.partita.dsl.layer.Layers.features;
import static dev.partita.dsl.layer.Layers.layerNorm;
import static dev.partita.dsl.layer.Layers.linear;
import static dev.partita.dsl.layer.Layers.model;
import static dev.partita.dsl.layer.Layers.relu;
import static dev.partita.dsl.layer.Layers.residual;
import static dev.partita.dsl.layer.Layers.tokens;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.Compiler;
import dev.partita.compiler.Precision;
import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.graph.Update;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.tensor.Dtype;
import java.util.List;
import org.junit.jupiter.api.Test;

class MixedPrecisionTest {
    private static final Model MLP =
            model("mlp", features("x", 6))
                    .then(linear("hidden", 8))
                    .then(relu())
                    .then(linear("classes", 4))
                    .loss(crossEntropy());

    private static final Model NORMED =
            model("normed", features("x", 6))
                    .then(linear("hidden", 8))
                    .then(residual(layerNorm("norm"), relu()))
                    .then(linear("classes", 4))
                    .loss(crossEntropy());

    @Test
    void contractions_read_casts_and_the_loss_is_full() {
        assertThat(ops(forward(MLP, Precision.BF16)))
                .containsExactly(
                        "%0 = input \"x\" : f32[batch=2, x=6]",
                        "%1 = parameter \"hidden.weight\" : f32[hidden=8, x=6]",
                        "%2 = cast bf16 %0 : bf16[batch=2, x=6]",
                        "%3 = cast bf16 %1 : bf16[hidden=8, x=6]",
                        "%4 = einsum bk,ok->bo %2 %3 : bf16[batch=2, hidden=8]",
                        "%5 = parameter \"hidden.bias\" : f32[hidden=8]",
                        "%6 = cast bf16 %5 : bf16[hidden=8]",
                        "%7 = add-bias %4 %6 : bf16[batch=2, hidden=8]",
                        "%8 = relu %7 : bf16[batch=2, hidden=8]",
                        "%9 = parameter \"classes.weight\" : f32[classes=4, hidden=8]",
                        "%10 = cast bf16 %9 : bf16[classes=4, hidden=8]",
                        "%11 = einsum bk,ok->bo %8 %10 : bf16[batch=2, classes=4]",
                        "%12 = parameter \"classes.bias\" : f32[classes=4]",
                        "%13 = cast bf16 %12 : bf16[classes=4]",
                        "%14 = add-bias %11 %13 : bf16[batch=2, classes=4]",
                        "%15 = input \"labels\" : i32[batch=2]",
                        "%16 = cast f32 %14 : f32[batch=2, classes=4]",
                        "%17, %18 = cross-entropy %16 %15 : f32[batch=2], f32[batch=2]",
                        "%19 = sum [0] %17 : f32[]",
                        "%20 = scale 0.5 %19 : f32[]")
                .inOrder();
    }

    @Test
    void what_chooses_experts_is_full_and_slots_are_not() {
        Model net =
                model("moe", tokens("text", 4, 8))
                        .then(embedding("model", 8))
                        .then(layerNorm("norm"))
                        .then(experts("moe", 3, 6).capacity(1))
                        .then(linear("classes", 8))
                        .loss(crossEntropy());
        Graph graph = forward(net, Precision.BF16);
        List<String> types =
                graph.nodes().stream()
                        .filter(n -> n.layer().startsWith("moe"))
                        .filter(n -> !(n.op() instanceof Op.Leaf) && !(n.op() instanceof Op.Cast))
                        .map(n -> n.op() + " " + n.results().getFirst().type().dtype())
                        .toList();
        assertThat(types)
                .containsAtLeast(
                        "einsum abi,oi->abo f32",
                        "softmax f32",
                        "route 2 into 3 f32",
                        "dispatch bf16",
                        "einsum egck,eok->egco bf16",
                        "gelu bf16",
                        "combine bf16")
                .inOrder();
        assertThat(PrecisionPolicy.print(graph, Precision.BF16))
                .contains(
                        """
                          einsum         f32   x1   which expert a token meets must not hang on a rounding
                          route          f32   x1   which expert a token meets must not hang on a rounding
                        """);
    }

    @Test
    void a_value_is_cast_once_for_all_its_readers_and_belongs_to_its_own_layer() {
        Graph graph = forward(NORMED, Precision.BF16);
        var hidden = graph.nodesOf(Op.AddBias.class).findFirst().orElseThrow().result();
        var casts =
                graph.index().uses(hidden).stream().filter(n -> n.op() instanceof Op.Cast).toList();
        assertThat(casts).hasSize(1);
        assertThat(casts.getFirst().layer()).isEqualTo("hidden");
    }

    @Test
    void what_was_widened_is_not_rounded_again() {
        // the residual sum is full, for the norm beside it is: only its result is cast
        assertThat(ops(forward(NORMED, Precision.BF16)).stream().filter(s -> s.contains("cast")))
                .hasSize(8);
    }

    @Test
    void nothing_changes_where_everything_has_one_type() {
        Graph before = MLP.trace(2, Dtype.F32, true);
        assertThat(MixedPrecision.run(before, Precision.F32)).isEqualTo(before);
    }

    @Test
    void the_loss_and_the_prediction_are_full() {
        Graph graph = forward(MLP, Precision.BF16);
        assertThat(graph.output("loss").type().dtype()).isEqualTo(Dtype.F32);
        assertThat(graph.output("prediction").type().dtype()).isEqualTo(Dtype.F32);
    }

    @Test
    void weights_optimizer_state_and_their_gradients_are_full() {
        Compilation plan = compile("data=2");
        plan.sharded()
                .training()
                .graph()
                .nodesOf(Update.class)
                .flatMap(n -> n.operands().stream())
                .filter(v -> v.type().dtype().isFloating())
                .forEach(v -> assertThat(v.type().dtype()).isEqualTo(Dtype.F32));
    }

    @Test
    void gradients_of_weights_are_summed_over_devices_in_f32_and_activations_in_bf16() {
        Compilation plan = compile("data=2,tensor=2");
        var sums =
                plan.plan()
                        .program(0)
                        .collectives()
                        .filter(start -> start.op() instanceof Reshard.AllReduce)
                        .toList();
        for (var sum : sums) {
            var type = plan.plan().program(0).slot(sum.sources().getFirst()).type();
            boolean activation =
                    sum.op().axes().getFirst().name().equals("tensor") && type.shape().rank() == 2;
            assertThat(type.dtype()).isEqualTo(activation ? Dtype.BF16 : Dtype.F32);
        }
        assertThat(sums.size()).isGreaterThan(2);
    }

    @Test
    void the_policy_says_which_ops_stay_full_and_why() {
        assertThat(compile("data=2").policy())
                .isEqualTo(
                        """
                        precision bf16
                          einsum         bf16  x2   contractions sum in f32 and round once; here is the time
                          add-bias       bf16  x2   contractions sum in f32 and round once; here is the time
                          relu           bf16  x1   rounds each element once, so it goes with what it reads
                          scale          f32   x1   rounds each element once, so it goes with what it reads
                          cross-entropy  f32   x1   sums and exponentials would lose what half floats cannot hold
                          sum            f32   x1   sums and exponentials would lose what half floats cannot hold
                          weights        f32        an update is smaller than a half float's step
                          optimizer      f32        its moments add up over thousands of steps
                          gradients have the type of what they belong to; those of weights stay f32 as they were summed, and are summed over devices so
                        """);
    }

    private static Compilation compile(String mesh) {
        var options = on(Mesh.parse(mesh)).batch(4).precision(Precision.BF16);
        options = options.shard("batch").over("data");
        if (mesh.contains("tensor")) {
            options = options.shard("hidden").over("tensor");
        }
        return Compiler.compile(MLP, options);
    }

    private static Graph forward(Model model, Precision precision) {
        return MixedPrecision.run(model.trace(2, precision.full(), true), precision);
    }

    private static List<String> ops(Graph graph) {
        return graph.nodes().stream().map(Object::toString).toList();
    }
}
