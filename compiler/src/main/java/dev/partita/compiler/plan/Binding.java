package dev.partita.compiler.plan;

import dev.partita.dsl.graph.Initializer;

/// A slot that the outside world knows by name.
public sealed interface Binding {
    String name();

    int slot();

    /// Written by the session before every step.
    record Input(String name, int slot) implements Binding {}

    /// A weight: filled once, then changed by the plan's updates.
    record Parameter(String name, int slot, Initializer initializer) implements Binding {}

    /// Optimizer state: filled once with `initial`, then changed by the plan's updates.
    record State(String name, int slot, double initial) implements Binding {}

    /// Readable after every step: `loss`, `gradient-norm`, `prediction`, and if kept
    /// `gradient/NAME`.
    record Output(String name, int slot) implements Binding {}
}
