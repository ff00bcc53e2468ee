package dev.partita.dsl.layer;

import dev.partita.dsl.problem.Origin;

/// A word of a model and the line of the user's program that it stands on.
public record Line<T>(T word, Origin origin) {
    /// `word`, written on the line of the user's call on the current stack.
    static <T> Line<T> here(T word) {
        return new Line<>(word, Origin.here());
    }
}
