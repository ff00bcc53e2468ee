package dev.partita.compiler.plan;

/// What a range of a device's memory is for. Where several take turns in one place, the first of
/// them counts.
public enum MemoryUse {
    /// Weights as ops read them: kept from step to step, or copied for a step in a half type.
    WEIGHTS,
    /// What only the optimizer reads, kept from step to step: moments, and weights that were
    /// copied.
    OPTIMIZER,
    /// Gradients of weights as the optimizer reads them.
    GRADIENTS,
    /// Inputs, what forward computes, and the gradients of it.
    ACTIVATIONS,
    /// What collectives and updates work on: summands of gradients, gathered weights, parts.
    BUFFERS
}
