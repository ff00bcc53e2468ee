package dev.partita.compiler.cost;

/// What an implementation of attention does with the scores, which are as many as pairs of queries
/// and keys.
public enum StoredScores {
    /// It never writes them to memory (Dao et al. 2022, "FlashAttention"), as the plan's op does
    /// not.
    NONE,
    /// It writes them in forward and reads them in backward, as the libraries of 2021 did.
    KEPT,
    /// It writes them, and makes them again in backward (Korthikanti et al. 2022, section 5:
    /// selective activation recomputation).
    AGAIN
}
