package dev.partita.runtime.train;

import dev.partita.runtime.state.HostTensor;
import java.util.SplittableRandom;

/// Draws one character after the other from what a model predicts.
final class CharacterDraws {
    private final int characters;
    private final double temperature;
    private final SplittableRandom random;
    private final double[] weights;

    /// @param characters how many there are; a model may have room for more, which are never drawn
    CharacterDraws(int characters, double temperature, long seed) {
        this.characters = characters;
        this.temperature = temperature;
        random = new SplittableRandom(seed);
        weights = new double[characters];
    }

    /// The token after `position`.
    ///
    /// @param logits `[batch=1, position, vocab]`
    int next(HostTensor logits, int position) {
        long vocab = logits.type().shape().dims().getLast().size();
        long row = position * vocab;
        long likeliest = logits.indexOfMax(row, characters);
        if (temperature == 0) {
            return (int) (likeliest - row);
        }
        double max = logits.get(likeliest);
        double total = 0;
        for (int i = 0; i < characters; i++) {
            weights[i] = Math.exp((logits.get(row + i) - max) / temperature);
            total += weights[i];
        }
        double left = random.nextDouble() * total;
        for (int i = 0; i < characters; i++) {
            left -= weights[i];
            if (left < 0) {
                return i;
            }
        }
        return (int) (likeliest - row);
    }
}
