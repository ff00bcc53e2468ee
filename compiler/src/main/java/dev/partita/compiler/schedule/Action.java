package dev.partita.compiler.schedule;

import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Value;
import java.util.List;

/// One entry of a device's sequence. Prints `run %7 = ...`, `start 3: ...`, `finish 3`.
public sealed interface Action {
    Node node();

    /// The values that it needs to be there until it is done.
    List<Value> reads();

    /// The values that are there after it.
    List<Value> writes();

    /// Computes a node that does not communicate.
    record Run(Node node) implements Action {
        @Override
        public List<Value> reads() {
            return node.operands();
        }

        @Override
        public List<Value> writes() {
            return node.results();
        }

        @Override
        public String toString() {
            return "run " + node;
        }
    }

    /// Starts a collective.
    ///
    /// @param node as all its devices together see it
    /// @param reads what this device brings of its operands
    /// @param writes what this device gets of its results
    record Start(Node node, int tag, List<Value> reads, List<Value> writes) implements Action {
        public Start {
            reads = List.copyOf(reads);
            writes = List.copyOf(writes);
        }

        /// The end of this collective.
        Finish finish() {
            return new Finish(node, tag, reads, writes);
        }

        @Override
        public String toString() {
            return "start " + tag + ": " + node;
        }
    }

    /// Waits for a collective.
    record Finish(Node node, int tag, List<Value> reads, List<Value> writes) implements Action {
        public Finish {
            reads = List.copyOf(reads);
            writes = List.copyOf(writes);
        }

        @Override
        public String toString() {
            return "finish " + tag;
        }
    }
}
