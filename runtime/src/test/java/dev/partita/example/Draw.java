package dev.partita.example;

import java.util.List;
import java.util.SplittableRandom;

/// A stream of decisions from a seed and a name: what one name decides does not depend on what
/// others do.
final class Draw {
    private final SplittableRandom random;

    Draw(long seed, int attempt, String name) {
        this.random = new SplittableRandom(31 * (31 * seed + attempt) + name.hashCode());
    }

    /// True once in `times`.
    boolean once(int times) {
        return random.nextInt(times) == 0;
    }

    boolean either() {
        return random.nextBoolean();
    }

    /// From 0 to `end`, without `end`.
    int below(int end) {
        return random.nextInt(end);
    }

    int pick(int... values) {
        return values[random.nextInt(values.length)];
    }

    <T> T pick(List<T> values) {
        return values.get(random.nextInt(values.size()));
    }
}
