package dev.partita.dsl.layer;

import static com.google.common.truth.Truth.assertThat;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.embedding;
import static dev.partita.dsl.layer.Layers.linear;
import static dev.partita.dsl.layer.Layers.meanSquared;
import static dev.partita.dsl.layer.Layers.model;
import static dev.partita.dsl.layer.Layers.tokens;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.dsl.graph.Elementwise;
import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import dev.partita.dsl.tensor.Dtype;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What a loss is divided by.
class LossTest {
    private static final long BATCH = 12;
    private static final long POSITIONS = 5;
    private static final long CLASSES = 3;

    @ParameterizedTest(name = "{0} micro-batches")
    @ValueSource(longs = {1, 4})
    void a_mean_is_over_the_whole_batch_and_a_sum_over_the_dims_it_names(long microBatches) {
        assertThat(scale(crossEntropy(), microBatches)).isEqualTo(1.0 / (BATCH * POSITIONS));
        assertThat(scale(crossEntropy().summedOver("position"), microBatches))
                .isEqualTo(1.0 / BATCH);
        assertThat(scale(crossEntropy().summedOver("batch"), microBatches))
                .isEqualTo(1.0 / POSITIONS);
        assertThat(scale(crossEntropy().summedOver("batch", "position"), microBatches))
                .isEqualTo(1.0);
        assertThat(scale(meanSquared(), microBatches))
                .isEqualTo(1.0 / (BATCH * POSITIONS * CLASSES));
        assertThat(scale(meanSquared().summedOver("classes"), microBatches))
                .isEqualTo(1.0 / (BATCH * POSITIONS));
    }

    @Test
    void labels_that_do_not_count_are_counted_once_in_the_whole_batch() {
        List<String> nodes =
                loss(crossEntropy().ignoring(-100), 4).nodes().stream()
                        .filter(n -> n.layer().equals("loss"))
                        .map(n -> n.toString().replaceAll("%\\d+ ?", "").strip())
                        .toList();
        assertThat(nodes)
                .containsExactly(
                        "= input \"labels\" : i32[micro-batch=4, batch=3, position=5]",
                        ", = ignoring -100 : i32[micro-batch=4, batch=3, position=5],"
                                + " f32[micro-batch=4, batch=3, position=5]",
                        "= sum [0, 1, 2] : f32[]",
                        "= mean-weight : f32[]",
                        "= scale-by : f32[micro-batch=4, batch=3, position=5]",
                        "= micro-batch 0 : f32[batch=3, position=5]",
                        "= micro-batch 0 : i32[batch=3, position=5]",
                        ", = cross-entropy : f32[batch=3, position=5], f32[batch=3, position=5]",
                        "= multiply : f32[batch=3, position=5]",
                        "= sum [0, 1] : f32[]")
                .inOrder();
    }

    @Test
    void an_unknown_dim_is_a_problem_with_the_near_miss() {
        Problem problem = problem(crossEntropy().summedOver("positon"));
        assertThat(problem.code()).isEqualTo(ProblemCode.UNKNOWN_DIM);
        assertThat(problem.fix()).startsWith("dim \"position\"");
        assertThat(problem.origin().file()).isEqualTo("LossTest.java");
    }

    @Test
    void labels_that_do_not_count_leave_no_mean_over_some_dims() {
        Problem problem = problem(crossEntropy().ignoring(0).summedOver("position"));
        assertThat(problem.code()).isEqualTo(ProblemCode.INVALID_ARGUMENT);
        assertThat(problem.fix()).contains("all of these dims");
        loss(crossEntropy().ignoring(0).summedOver("position", "batch"), 2);
    }

    @Test
    void a_loss_says_what_it_is() {
        assertThat(crossEntropy().labelSmoothing(0.1).ignoring(-1).toString())
                .isEqualTo("cross-entropy smoothing 0.1 ignoring -1");
        assertThat(meanSquared().summedOver("a", "b").toString())
                .isEqualTo("mean-squared summed over a, b");
    }

    @Test
    void all_of_a_label_cannot_be_spread() {
        for (double part : new double[] {-0.1, 1, Double.NaN}) {
            assertThrows(ProblemException.class, () -> crossEntropy().labelSmoothing(part));
        }
    }

    private static Problem problem(Loss loss) {
        return assertThrows(ProblemException.class, () -> loss(loss, 1)).problem();
    }

    private static double scale(Loss loss, long microBatches) {
        Node last = loss(loss, microBatches).nodes().getLast();
        return ((Elementwise.Scale) last.op()).factor();
    }

    private static Graph loss(Loss loss, long microBatches) {
        return model("text", tokens("position", POSITIONS, 7))
                .then(embedding("model", 4))
                .then(linear("classes", CLASSES))
                .loss(loss)
                .trace(BATCH, microBatches, Dtype.F32, true);
    }
}
