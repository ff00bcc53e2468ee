package dev.partita.compiler;

import dev.partita.dsl.problem.Origin;

/// How attention gets at the keys and values of other devices where positions are sharded. All ways
/// compute the same.
public sealed interface ContextAttention {
    /// Keys and values are gathered. Prints `gather`.
    record Gather() implements ContextAttention {
        @Override
        public String toString() {
            return "gather";
        }
    }

    /// Keys and values go round. Prints `ring`.
    record Ring() implements ContextAttention {
        @Override
        public String toString() {
            return "ring";
        }
    }

    /// Heads are sharded in place of positions. Prints `all-to-all`.
    record AllToAll(Origin origin) implements ContextAttention {
        @Override
        public String toString() {
            return "all-to-all";
        }
    }
}
