package dev.partita.compiler.partition;

import static com.google.common.truth.Truth.assertThat;
import static dev.partita.compiler.CompileOptions.on;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.dim;
import static dev.partita.dsl.layer.Layers.features;
import static dev.partita.dsl.layer.Layers.linear;
import static dev.partita.dsl.layer.Layers.model;
import static dev.partita.dsl.layer.Layers.relu;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.Compiler;
import dev.partita.compiler.plan.Program;
import dev.partita.compiler.plan.Step;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import dev.partita.example.SmallNets;
import java.util.List;
import org.junit.jupiter.api.Test;

class PartitionerTest {
    private static final Mesh TENSOR = Mesh.of("tensor", 2);

    @Test
    void data_parallelism_sums_every_gradient_and_the_loss_once() {
        CompileOptions options = on(Mesh.of("data", 2)).shard("batch").over("data");
        List<Step.Start> collectives = collectives(SmallNets.mlp(), options);
        assertThat(collectives.stream().map(c -> c.op().toString()).distinct())
                .containsExactly("all-reduce data");
        // the loss, two weights, two biases
        assertThat(collectives.stream().mapToInt(c -> c.sources().size()).sum()).isEqualTo(5);
    }

    @Test
    void a_column_and_a_row_matmul_share_one_sum_forward_and_none_backward() {
        CompileOptions options = on(TENSOR).shard("hidden").over("tensor");
        List<Step.Start> collectives = collectives(SmallNets.mlp(), options);
        assertThat(collectives.getFirst().note().because())
                .isEqualTo("all-reduce tensor because %7 [{}, {}] sum{tensor} meets add-bias");
        // besides it only the squares of the sharded gradients, for the norm
        assertThat(collectives.stream().skip(1).map(c -> c.note().because()).toList())
                .containsExactly(
                        "all-reduce tensor because %26 [] sum{tensor} meets add (and 2 more)");
    }

    @Test
    void a_pair_inside_the_network_also_sums_the_gradient_that_leaves_it() {
        Model net =
                model("pair", features("x", 4))
                        .then(linear("in", 4))
                        .then(linear("up", 8))
                        .then(relu())
                        .then(linear("down", dim("model", 4)))
                        .loss(crossEntropy());
        List<String> causes =
                collectives(net, on(TENSOR).shard("up").over("tensor")).stream()
                        .map(c -> c.note().because())
                        .toList();
        assertThat(causes.get(0)).contains("meets add-bias");
        assertThat(causes.get(1)).startsWith("all-reduce tensor because");
        assertThat(causes.get(1)).contains("sum{tensor} meets sum [0]");
    }

    @Test
    void one_layer_alone_over_another_dim_moves_by_reduce_scatter_and_all_gather() {
        CompileOptions options =
                on(TENSOR)
                        .shard("hidden")
                        .over("tensor")
                        .shard("batch")
                        .at("classes", "loss")
                        .over("tensor");
        List<String> kinds =
                collectives(SmallNets.mlp(), options).stream().map(c -> c.op().toString()).toList();
        assertThat(kinds).contains("reduce-scatter tensor dim 0");
        assertThat(kinds).contains("all-gather tensor dim 0");
    }

    @Test
    void a_dim_that_changes_its_axis_between_layers_moves_by_all_to_all() {
        Model net =
                model("m", features("x", 4))
                        .then(linear("a", 8))
                        .then(relu())
                        .then(linear("b", 4))
                        .loss(crossEntropy());
        CompileOptions options =
                on(TENSOR)
                        .shard("a")
                        .at("a")
                        .over("tensor")
                        .shard("batch")
                        .at("relu1")
                        .over("tensor");
        assertThat(collectives(net, options).stream().map(c -> c.op().toString()).toList())
                .contains("all-to-all tensor dim 0 to 1");
    }

    @Test
    void two_ways_to_compute_an_op_are_a_problem_that_lists_both() {
        Model net =
                model("m", features("x", 4))
                        .then(linear("a", 8))
                        .then(linear("b", 4))
                        .loss(crossEntropy());
        CompileOptions options =
                on(TENSOR.by("data", 2))
                        .shard("b")
                        .over("tensor")
                        .shard("b")
                        .at("b")
                        .over("data")
                        .shard("batch")
                        .at("a")
                        .over("tensor")
                        .batch(8);
        var exception = assertThrows(ProblemException.class, () -> Compiler.compile(net, options));
        assertThat(exception.problem().code()).isEqualTo(ProblemCode.AMBIGUOUS_PLACEMENT);
        assertThat(exception.problem().print())
                .contains("split by b:     a device receives 128 bytes");
        assertThat(exception.problem().print())
                .contains("split by batch: a device receives 64 bytes");
    }

    private static List<Step.Start> collectives(Model model, CompileOptions options) {
        Program program = Compiler.compile(model, options.batch(8)).plan().program(0);
        return program.collectives().toList();
    }
}
