package dev.partita.compiler;

import java.util.function.Supplier;

/// What the program looked like after one pass; printed when asked for.
public record Snapshot(String pass, Supplier<String> text) {
    /// The program after the pass as text.
    public String print() {
        return text.get();
    }

    @Override
    public String toString() {
        return "after " + pass;
    }
}
