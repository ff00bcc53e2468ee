package dev.partita.runtime.data;

/// Examples to train on, and others to test with.
public record DataSplit(Dataset train, Dataset test) {}
