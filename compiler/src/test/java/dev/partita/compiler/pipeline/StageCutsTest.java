package dev.partita.compiler.pipeline;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.Truth.assertWithMessage;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.embedding;
import static dev.partita.dsl.layer.Layers.features;
import static dev.partita.dsl.layer.Layers.feedForward;
import static dev.partita.dsl.layer.Layers.layerNorm;
import static dev.partita.dsl.layer.Layers.linear;
import static dev.partita.dsl.layer.Layers.model;
import static dev.partita.dsl.layer.Layers.relu;
import static dev.partita.dsl.layer.Layers.residual;
import static dev.partita.dsl.layer.Layers.tiedTo;
import static dev.partita.dsl.layer.Layers.tokens;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.compiler.cost.Work;
import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.layer.Layer;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.problem.Origin;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import dev.partita.dsl.tensor.Dtype;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class StageCutsTest {
    private static final Graph TEXT =
            forward(
                    model("text", tokens("sequence", 4, 12))
                            .then(embedding("model", 8))
                            .then(residual(layerNorm("norm1"), feedForward("mlp1", 16)))
                            .then(residual(layerNorm("norm2"), feedForward("mlp2", 16)))
                            .then(tiedTo("model"))
                            .loss(crossEntropy()));

    private static Graph forward(Model model) {
        return model.trace(4, Dtype.F32, true);
    }

    @Test
    void a_residual_layer_is_never_cut_and_what_has_no_layer_is_of_the_last_stage() {
        Map<String, Integer> stages = StageCuts.balanced(TEXT, 3, Origin.UNKNOWN);
        assertThat(stages)
                .containsAtLeast("model", 0, "norm1", 0, "mlp1.up", 0, "residual1", 0)
                .inOrder();
        assertThat(stages).containsAtLeast("norm2", 1, "mlp2.down", 1, "residual2", 1);
        assertThat(stages).containsEntry("tied1", 2);
        assertThat(stages).containsEntry("loss", 2);
    }

    @Test
    void stages_begin_with_the_layers_that_are_named() {
        Map<String, Integer> stages =
                StageCuts.before(TEXT, List.of("norm1", "tied1"), Origin.UNKNOWN);
        assertThat(stages).containsAtLeast("model", 0, "norm1", 1, "mlp2.up", 1, "tied1", 2);
    }

    @Test
    void a_place_that_two_activations_cross_is_refused_with_both() {
        Problem problem =
                assertThrows(
                                ProblemException.class,
                                () -> StageCuts.before(TEXT, List.of("mlp1"), Origin.UNKNOWN))
                        .problem();
        assertThat(problem.code()).isEqualTo(ProblemCode.STAGE_CUT);
        assertThat(problem.toString())
                .contains("f32[batch=4, sequence=4, model=8] of model, f32[batch=4, sequence=4,");
        assertThat(problem.toString()).contains("a stage may begin with: norm1, norm2, tied1");
    }

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
    void no_other_legal_cuts_leave_less_to_the_stage_that_has_most(long seed) {
        var random = new Random(seed);
        Graph graph = forward(randomModel(random));
        List<Node> nodes = computed(graph);
        List<Integer> legal = legalPlaces(graph, nodes);
        for (int count = 1; count <= Math.min(4, legal.size() + 1); count++) {
            Map<String, Integer> stages = StageCuts.balanced(graph, count, Origin.UNKNOWN);
            double[] work = new double[count];
            nodes.forEach(node -> work[stages.getOrDefault(node.layer(), 0)] += Work.of(node));
            double most = 0;
            for (double each : work) {
                most = Math.max(most, each);
            }
            assertWithMessage("seed %s, %s stages, %s", seed, count, stages)
                    .that(most)
                    .isEqualTo(least(nodes, legal, 0, count));
        }
    }

    private static Model randomModel(Random random) {
        Model net = model("net", features("x", 8));
        int layers = 4 + random.nextInt(5);
        for (int i = 0; i < layers; i++) {
            long size = 4L << random.nextInt(5);
            Layer layer =
                    switch (random.nextInt(3)) {
                        case 0 -> linear("linear" + i, size);
                        case 1 -> relu();
                        default -> residual(layerNorm("norm" + i), feedForward("mlp" + i, size));
                    };
            net = net.then(layer);
        }
        return net.then(linear("classes", 4)).loss(crossEntropy());
    }

    private static List<Node> computed(Graph graph) {
        return graph.nodes().stream().filter(node -> !(node.op() instanceof Op.Leaf)).toList();
    }

    /// Places between two nodes of different layers that one value alone crosses, up to the
    /// prediction; by looking at every pair of nodes.
    private static List<Integer> legalPlaces(Graph graph, List<Node> nodes) {
        List<Integer> legal = new ArrayList<>();
        for (int place = 1; place < nodes.size(); place++) {
            List<Node> before = nodes.subList(0, place);
            List<Node> after = nodes.subList(place, nodes.size());
            boolean predicted =
                    before.stream().anyMatch(n -> n.results().contains(graph.output("prediction")));
            long crossing =
                    before.stream()
                            .flatMap(node -> node.results().stream())
                            .filter(value -> value.type().shape().rank() > 0)
                            .filter(value ->
                                    after.stream().anyMatch(n -> n.operands().contains(value)))
                            .count();
            var layers = before.stream().map(Node::layer).collect(Collectors.toSet());
            boolean split = after.stream().anyMatch(node -> layers.contains(node.layer()));
            if (!predicted && crossing == 1 && !split) {
                legal.add(place);
            }
        }
        return legal;
    }

    /// The least that the fullest of `count` stages from node `from` on can have; by trying all.
    private static double least(List<Node> nodes, List<Integer> legal, int from, int count) {
        if (count == 1) {
            return work(nodes, from, nodes.size());
        }
        double least = Double.POSITIVE_INFINITY;
        for (int cut : legal) {
            if (cut > from) {
                double rest = least(nodes, legal, cut, count - 1);
                least = Math.min(least, Math.max(work(nodes, from, cut), rest));
            }
        }
        return least;
    }

    private static double work(List<Node> nodes, int from, int to) {
        return nodes.subList(from, to).stream().mapToDouble(Work::of).sum();
    }
}
