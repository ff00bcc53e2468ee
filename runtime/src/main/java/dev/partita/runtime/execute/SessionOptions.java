package dev.partita.runtime.execute;

import dev.partita.kernels.KernelLibrary;

/// How a plan is run.
///
/// @param library computes the ops
/// @param seed of the first weights
public record SessionOptions(KernelLibrary library, long seed) {}
