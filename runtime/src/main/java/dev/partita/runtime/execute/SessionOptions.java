package dev.partita.runtime.execute;

import dev.partita.kernels.KernelLibrary;

/// How a plan is run.
///
/// @param library computes the ops
/// @param seed of the first weights
/// @param rehearse whether kernels run before the first step, for up to some seconds, until the JIT
///   has compiled them: then every step is fast and leaves no garbage, not only later ones
public record SessionOptions(KernelLibrary library, long seed, boolean rehearse) {
    /// Without rehearsal: for a few steps.
    public SessionOptions(KernelLibrary library, long seed) {
        this(library, seed, false);
    }
}
