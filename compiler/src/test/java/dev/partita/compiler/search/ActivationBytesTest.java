package dev.partita.compiler.search;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.Truth.assertWithMessage;
import static dev.partita.dsl.layer.Layers.attention;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.dropout;
import static dev.partita.dsl.layer.Layers.embedding;
import static dev.partita.dsl.layer.Layers.feedForward;
import static dev.partita.dsl.layer.Layers.layerNorm;
import static dev.partita.dsl.layer.Layers.model;
import static dev.partita.dsl.layer.Layers.positions;
import static dev.partita.dsl.layer.Layers.residual;
import static dev.partita.dsl.layer.Layers.tiedTo;
import static dev.partita.dsl.layer.Layers.tokens;

import dev.partita.compiler.Precision;
import dev.partita.compiler.Recompute;
import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.compiler.plan.MemoryBytes;
import dev.partita.dsl.layer.Model;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What a plan keeps of a transformer block beside the formulas of the field.
class ActivationBytesTest {
    private static final long S = 256;
    private static final long H = 512;
    private static final long A = 8;

    private static Model network(int blocks) {
        Model net =
                model("text", tokens("sequence", S, 1024))
                        .then(embedding("model", H))
                        .then(positions("positions"));
        for (int i = 1; i <= blocks; i++) {
            net =
                    net.then(
                                    residual(
                                            layerNorm("norm" + i + "a"),
                                            attention("mix" + i, A).causal(),
                                            dropout(0.1)))
                            .then(
                                    residual(
                                            layerNorm("norm" + i + "b"),
                                            feedForward("mlp" + i, 4 * H),
                                            dropout(0.1)));
        }
        return net.then(layerNorm("norm")).then(tiedTo("model")).loss(crossEntropy());
    }

    static final LayeredModel MODEL =
            new LayeredModel(
                    "text",
                    6,
                    ActivationBytesTest::network,
                    block -> "norm" + block + "a",
                    List.of("heads", "ffn", "vocab"),
                    S,
                    block ->
                            List.of(
                                    "norm" + block + "a",
                                    "mix" + block + ".output",
                                    "dropout" + (2 * block - 1),
                                    "residual" + (2 * block - 1),
                                    "norm" + block + "b",
                                    "mlp" + block + ".down",
                                    "dropout" + 2 * block,
                                    "residual" + 2 * block),
                    List.of("positions", "norm"));

    /// Bytes of a block per `s b h`, in the middle of three stages.
    private static double kept(int tensor, boolean sequence, Recompute recompute) {
        var strategy =
                new Strategy(1, tensor, 3, 1, sequence, 0, "1f1b", 4, recompute, Precision.BF16);
        ExecutionPlan plan = StageSample.plan(MODEL, strategy);
        double one = new RepeatedMemory(plan.programs().get(1), 4).stage(1).kept();
        double two = new RepeatedMemory(plan.programs().get(2), 4).stage(2).kept();
        return (two - one) / (S * 4 * H);
    }

    private static void assertKept(int tensor, boolean sequence, double formula, double other) {
        assertWithMessage("tensor %s, sequence %s", tensor, sequence)
                .that(kept(tensor, sequence, Recompute.none()))
                .isWithin(1e-9)
                .of(formula + other);
    }

    /// What the formulas leave out as small: 4 bytes for each head and position for the logarithm
    /// of the softmax's sum, and for two norms mean and deviation of each position.
    private static double small(double heads, double norms) {
        return 4 * A / heads / H + 2 * 8 / norms / H;
    }

    /// Korthikanti et al. 2022, equation 1: `s b h (34 + 5 a s / h)`. Scores are never stored (`5 a
    /// s / h`), and masks of dropout are drawn again from their counters (1 for each of two
    /// dropouts).
    @Test
    void a_block_keeps_what_the_formula_says_but_scores_and_masks() {
        assertKept(1, false, 34 - 2, small(1, 1));
    }

    /// Equation 2: `s b h (10 + 24 / t + 5 a s / (h t))`.
    @Test
    void tensor_parallelism_splits_what_the_formula_says() {
        assertKept(4, false, 10 + 24.0 / 4 - 2, small(4, 1));
    }

    /// Equation 4: `s b h (34 / t + 5 a s / (h t))`. Here the two inputs of the column matmuls are
    /// kept as they were gathered, `2 s b h` each instead of `2 s b h / t`: one all-gather less in
    /// backward.
    @Test
    void sequence_parallelism_splits_the_rest_but_for_the_gathered_inputs() {
        assertKept(4, true, (34.0 - 2) / 4 + 2 * 2 * (1 - 1.0 / 4), small(4, 4));
    }

    /// Narayanan et al. 2021, equation 2: `12 h^2 + 13 h` parameters of a block, of which the bias
    /// of the keys, `h`, has no effect and is left out here. Each takes 4 bytes of gradient and 12
    /// of what Adam keeps; matrices and their biases also 2 of the copy that ops read (Rajbhandari
    /// et al. 2020, section 3.1), which the `4 h` of the norms do without.
    @Test
    void model_states_of_a_block_are_eighteen_bytes_a_parameter_that_ops_read_halved() {
        double[] states = new double[3];
        var strategy =
                new Strategy(1, 1, 4, 1, false, 0, "1f1b", 4, Recompute.none(), Precision.BF16);
        ExecutionPlan plan = StageSample.plan(MODEL, strategy);
        for (int blocks = 1; blocks <= 2; blocks++) {
            MemoryBytes memory = MemoryBytes.of(plan.programs().get(blocks));
            states[blocks] = memory.weights() + memory.gradients() + memory.optimizer();
        }
        assertThat(states[2] - states[1]).isEqualTo(18.0 * (12 * H * H + 8 * H) + 16.0 * (4 * H));
    }
}
