package dev.partita.runtime.execute;

/// How a step ended on one device.
enum StepOutcome {
    /// Everything was done.
    COMPLETE,
    /// Its updates were skipped: gradients overflowed, and a smaller loss scale may help.
    SKIPPED,
    /// It ended at a check, before any weight changed.
    NOT_FINITE,
    /// It was cancelled, or another device failed.
    GIVEN_UP
}
