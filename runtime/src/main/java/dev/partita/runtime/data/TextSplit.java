package dev.partita.runtime.data;

/// Windows of a text to train on, and others to test with.
public record TextSplit(TextDataset train, TextDataset test) {}
