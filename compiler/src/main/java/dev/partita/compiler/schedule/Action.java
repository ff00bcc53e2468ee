package dev.partita.compiler.schedule;

import dev.partita.dsl.graph.Node;

/// One entry of a device's sequence. Prints `run %7 = ...`, `start 3: ...`, `finish 3`.
public sealed interface Action {
    Node node();

    /// Computes a node that does not communicate.
    record Run(Node node) implements Action {
        @Override
        public String toString() {
            return "run " + node;
        }
    }

    /// Starts a collective.
    record Start(Node node, int tag) implements Action {
        @Override
        public String toString() {
            return "start " + tag + ": " + node;
        }
    }

    /// Waits for a collective.
    record Finish(Node node, int tag) implements Action {
        @Override
        public String toString() {
            return "finish " + tag;
        }
    }
}
