package dev.partita.runtime.collective;

/// One member's part in one collective of a plan. Between [#start] and [#finish] the device
/// computes on. Neither allocates on the Java heap. Called by one thread at a time, start and
/// finish in turns.
public interface PendingCollective {
    /// Says that this member's source is ready, and returns at once.
    void start();

    /// Returns when this member's target is complete and no other member reads its source or target
    /// any more.
    ///
    /// @throws GroupAbortedException promptly, if the group is aborted meanwhile
    void finish();
}
