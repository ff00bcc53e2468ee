package dev.partita.runtime.data;

/// What happens to the examples that do not fill the last batch of an epoch.
public enum Remainder {
    /// They are left out of this epoch.
    DROP,
    /// The batch is filled up with examples from the start of the epoch.
    PAD,
    /// The batch is filled up with examples whose labels are replaced by one that does not count.
    IGNORE
}
