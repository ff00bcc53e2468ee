package dev.partita.compiler.cost;

/// What connects devices.
///
/// @param latencySeconds of a message without content
/// @param bytesPerSecond one way, of one device
public record Link(double latencySeconds, double bytesPerSecond) {}
