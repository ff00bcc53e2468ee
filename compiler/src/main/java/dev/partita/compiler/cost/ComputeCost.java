package dev.partita.compiler.cost;

import dev.partita.compiler.plan.Program;
import dev.partita.compiler.plan.Step;

/// How long one device computes a step of its program when it has nothing else to do.
public interface ComputeCost {
    /// Seconds of one step; none for a view.
    double seconds(Program program, Step.Compute step);
}
