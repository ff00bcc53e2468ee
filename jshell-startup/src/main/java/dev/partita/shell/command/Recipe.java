package dev.partita.shell.command;

import java.util.List;

/// How a kind of model is trained where the user does not say.
///
/// @param warmUpSteps steps in which the learning rate rises, a tenth of all at most
/// @param betas of adam; empty for its own
/// @param weightDecay of the optimizer; negative for its own
/// @param sparesVectors whether weight decay leaves biases and norms alone
/// @param clipNorm gradients of a larger norm are shortened to it
/// @param epochs how long
record Recipe(
        String optimizer,
        double learningRate,
        String schedule,
        long warmUpSteps,
        List<Double> betas,
        double weightDecay,
        boolean sparesVectors,
        double clipNorm,
        int epochs) {
    /// PyTorch's Adam, as it is.
    static final Recipe PLAIN =
            new Recipe(
                    "adam", 1e-3, "constant", 0, List.of(), -1, false, Double.POSITIVE_INFINITY, 1);

    /// For a few epochs of pictures.
    static final Recipe DEMO = PLAIN.falling(2e-3);

    /// A small language model of characters, after GPT-3 (Brown et al. 2020, appendix B), with a
    /// higher learning rate and a second moment that forgets less, for it is small and so are its
    /// batches. Ten epochs of a text of a million characters take 4,900 steps.
    static final Recipe TEXT =
            new Recipe("adamw", 1e-3, "cosine", 100, List.of(0.9, 0.99), 0.1, true, 1, 10);

    private Recipe falling(double peak) {
        return new Recipe(
                optimizer,
                peak,
                "cosine",
                warmUpSteps,
                betas,
                weightDecay,
                sparesVectors,
                clipNorm,
                epochs);
    }
}
