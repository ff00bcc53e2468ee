package dev.partita.dsl.graph;

/// The first value of a parameter. Random ones draw from Philox keyed by the element's global
/// position, so they are equal under every sharding.
public sealed interface Initializer {
    /// Every element `value`.
    record Fill(double value) implements Initializer {
        @Override
        public String toString() {
            return "fill " + value;
        }
    }

    /// Uniform over `[-bound, bound)`.
    record Uniform(double bound) implements Initializer {
        @Override
        public String toString() {
            return "uniform +-" + bound;
        }
    }

    /// Normal with mean 0.
    record Normal(double deviation) implements Initializer {
        @Override
        public String toString() {
            return "normal " + deviation;
        }
    }
}
