package dev.partita.runtime.data;

import dev.partita.kernels.Philox;

/// Which tokens are hidden from a model that is to say what they were: the masked language model of
/// BERT ([Devlin et al. 2019](https://arxiv.org/abs/1810.04805), section 3.1). Of 15 % of all
/// tokens, 80 % become a mask, 10 % any character, and 10 % stay as they are; the others do not
/// count.
///
/// Drawn by Philox from the token's place in the whole text and the epoch: the same on every mesh,
/// in every batch and after every resumption.
public final class Masking {
    /// The label of a token that was not hidden.
    public static final int IGNORED = -100;

    private static final double HIDDEN = 0.15;
    private static final double MASKED = 0.8;
    private static final double REPLACED = 0.9;

    /// Keeps these numbers apart from all others of a seed.
    private static final long STREAM = 0x6d61736b;

    private final int characters;
    private final int[] words = new int[4];

    /// @param characters how many there are; the token after the last one is the mask
    Masking(int characters) {
        this.characters = characters;
    }

    /// Hides tokens of a window.
    ///
    /// @param place of the first token in the whole text
    /// @param tokens of the window, of which some are replaced
    /// @param labels receives what the model is to say, and [#IGNORED] everywhere else
    void hide(long seed, int epoch, int place, int[] tokens, int[] labels) {
        for (int i = 0; i < labels.length; i++) {
            Philox.block(seed ^ STREAM, place + (long) i, epoch, words);
            labels[i] = IGNORED;
            if (fraction(words[0]) < HIDDEN) {
                labels[i] = tokens[i];
                tokens[i] = instead(tokens[i]);
            }
        }
    }

    /// What the model sees in place of a hidden token.
    private int instead(int token) {
        double choice = fraction(words[1]);
        if (choice < MASKED) {
            return characters;
        }
        return choice < REPLACED ? (int) (fraction(words[2]) * characters) : token;
    }

    /// Uniform over `[0, 1)`.
    private static double fraction(int word) {
        return Integer.toUnsignedLong(word) * 0x1p-32;
    }
}
