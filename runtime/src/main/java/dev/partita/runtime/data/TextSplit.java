package dev.partita.runtime.data;

/// Windows of a text to train on, and others to test with.
public record TextSplit(TextDataset train, TextDataset test) {
    /// The same text, of which tokens are hidden as [Masking] says.
    public TextSplit hidden() {
        return new TextSplit(train.hidden(), test.hidden());
    }
}
