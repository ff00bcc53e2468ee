package dev.partita.compiler.cost;

import dev.partita.compiler.plan.Program;
import dev.partita.compiler.plan.Step;
import dev.partita.dsl.graph.Op;

/// How long one device computes a step of its program when it has nothing else to do.
public interface ComputeCost {
    /// Seconds of one step; none for a view.
    double seconds(Program program, Step.Compute step);

    /// True for an op that leaves its operand's memory as it is.
    static boolean isView(Op op) {
        return op instanceof Op.Flatten
                || op instanceof Op.Unflatten
                || op instanceof Op.MicroBatch;
    }
}
