package dev.partita.kernels;

/// An op bound to its buffers. Everything that can be done once is done when it is opened; [#run]
/// allocates nothing on the Java heap.
public interface Kernel extends AutoCloseable {
    /// Computes the op once: reads the operand buffers, writes the result buffers. Called on one
    /// device thread at a time.
    void run();

    /// Native scratch memory this kernel holds beside its buffers, in bytes.
    default long workspaceBytes() {
        return 0;
    }

    /// Frees what opening took.
    @Override
    default void close() {}
}
