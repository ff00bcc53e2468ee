package dev.partita.runtime.state;

/// The best test of a training so far.
///
/// @param measure accuracy, or for a text the loss
/// @param step after which it was
/// @param worse tests since then
public record BestTest(double measure, long step, int worse) {}
