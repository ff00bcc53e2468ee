package dev.partita.dsl.graph;

import dev.partita.dsl.tensor.TensorType;

/// One value of a graph, defined once. Prints `%17`.
public record Value(int id, TensorType type) {
    @Override
    public String toString() {
        return "%" + id;
    }
}
