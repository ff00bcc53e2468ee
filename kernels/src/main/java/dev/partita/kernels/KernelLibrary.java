package dev.partita.kernels;

import java.util.Optional;

/// One way of computing ops.
public interface KernelLibrary {
    /// Name as a person types it: `reference`, `cpu`.
    String name();

    /// A kernel for this request, or empty if this library has none for its op, types or shapes.
    Optional<Kernel> open(KernelRequest request);

    /// Prepares the calling thread to run kernels: one native thread per device, denormals flushed to zero.
    default void prepareThread() {}
}
