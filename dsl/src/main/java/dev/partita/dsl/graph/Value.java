package dev.partita.dsl.graph;

import dev.partita.dsl.tensor.TensorType;
import org.jspecify.annotations.Nullable;

/// One value of a graph, defined once. Prints `%17`.
public record Value(int id, TensorType type) {
    /// Values of one graph differ by their id, so types are compared only where ids are equal.
    @Override
    public boolean equals(@Nullable Object other) {
        return this == other
                || (other instanceof Value(int otherId, TensorType otherType)
                        && id == otherId
                        && type.equals(otherType));
    }

    @Override
    public int hashCode() {
        return id;
    }

    @Override
    public String toString() {
        return "%" + id;
    }
}
