package dev.partita.compiler.autodiff;

import static com.google.common.truth.Truth.assertThat;
import static dev.partita.dsl.layer.Layers.conv2d;
import static dev.partita.dsl.layer.Layers.dropout;
import static dev.partita.dsl.layer.Layers.features;
import static dev.partita.dsl.layer.Layers.flatten;
import static dev.partita.dsl.layer.Layers.gelu;
import static dev.partita.dsl.layer.Layers.image;
import static dev.partita.dsl.layer.Layers.layerNorm;
import static dev.partita.dsl.layer.Layers.linear;
import static dev.partita.dsl.layer.Layers.maxPool;
import static dev.partita.dsl.layer.Layers.meanSquared;
import static dev.partita.dsl.layer.Layers.model;
import static dev.partita.dsl.layer.Layers.residual;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.dsl.graph.Elementwise;
import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.graph.GraphBuilder;
import dev.partita.dsl.graph.Initializer;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.problem.ProblemException;
import dev.partita.dsl.tensor.Dim;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.dsl.tensor.TensorType;
import dev.partita.example.SmallNets;
import java.util.List;
import org.junit.jupiter.api.Test;

class DifferentiateTest {
    @Test
    void backward_walks_the_layers_in_reverse() {
        assertThat(appended(SmallNets.mlp()))
                .containsExactly(
                        "%15 = constant 1.0 : f32[]",
                        "%16 = scale 0.125 %15 : f32[]",
                        "%17 = broadcast [] %16 : f32[batch=8]",
                        "%18 = cross-entropy-grad %9 %10 %12 %17 : f32[batch=8, classes=4]",
                        "%19 = sum [0] %18 : f32[classes=4]",
                        "%20 = einsum bo,ok->bk %18 %6 : f32[batch=8, hidden=8]",
                        "%21 = einsum bo,bk->ok %18 %5 : f32[classes=4, hidden=8]",
                        "%22 = relu-grad %5 %20 : f32[batch=8, hidden=8]",
                        "%23 = sum [0] %22 : f32[hidden=8]",
                        "%24 = einsum bo,bk->ok %22 %0 : f32[hidden=8, x=6]")
                .inOrder();
    }

    @Test
    void the_first_layer_needs_no_gradient_of_its_input() {
        var net =
                model("m", image("pixels", 1, 6, 6))
                        .then(conv2d("c", 2, 3))
                        .then(maxPool(2))
                        .then(flatten())
                        .then(linear("y", 3))
                        .loss(meanSquared());
        assertThat(String.join("\n", appended(net))).doesNotContain("conv2d-input-grad");
        assertThat(String.join("\n", appended(net))).contains("conv2d-weight-grad 3x3");
    }

    @Test
    void a_value_that_is_read_twice_sums_its_gradients() {
        var net =
                model("m", features("x", 4))
                        .then(linear("a", 4))
                        .then(residual(layerNorm("n"), gelu(), dropout(0.5)))
                        .then(linear("y", 3))
                        .loss(meanSquared());
        assertThat(appended(net).stream().filter(n -> n.contains(" = add %")).count()).isAtLeast(1);
    }

    @Test
    void every_parameter_has_a_gradient_of_its_own_type_that_follows_it() {
        TrainingGraph training = Differentiate.run(SmallNets.convnet().trace(8, Dtype.F32, true));
        assertThat(training.gradients()).hasSize(8);
        training.gradients()
                .forEach((name, gradient) -> {
                    Value weight = training.follows().getOrDefault(gradient, gradient);
                    assertThat(training.graph().index().definition(weight).op().toString())
                            .isEqualTo("parameter \"" + name + "\"");
                    assertThat(gradient.type().shape().sameSizes(weight.type().shape())).isTrue();
                });
    }

    @Test
    void an_op_without_a_gradient_is_a_problem() {
        var builder = new GraphBuilder("m");
        Value weight =
                builder.add(
                        new Op.Parameter(
                                "w",
                                TensorType.of(Dtype.F32, new Dim("n", 3)),
                                new Initializer.Fill(1)));
        Value loss =
                builder.add(new Elementwise.SquareRoot(), builder.add(new Op.SumSquares(), weight));
        Graph graph = builder.output("loss", loss).build();
        assertThrows(ProblemException.class, () -> Differentiate.run(graph));
    }

    /// The nodes that differentiation adds, as printed.
    private static List<String> appended(Model model) {
        Graph forward = model.trace(8, Dtype.F32, true);
        return Differentiate.run(forward).graph().nodes().stream()
                .skip(forward.nodes().size())
                .map(Object::toString)
                .toList();
    }
}
