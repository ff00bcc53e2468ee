package dev.partita.runtime.data;

import dev.partita.dsl.tensor.Dim;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.dsl.tensor.Shape;

/// A text cut into windows that follow one another. The label of each token is the token after it.
public final class TextDataset implements Examples {
    private final String name;
    private final Vocabulary vocabulary;
    private final int[] tokens;
    private final int length;

    /// @param length tokens of a window
    TextDataset(String name, Vocabulary vocabulary, int[] tokens, int length) {
        this.name = name;
        this.vocabulary = vocabulary;
        this.tokens = tokens.clone();
        this.length = length;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public int size() {
        return (tokens.length - 1) / length;
    }

    @Override
    public Shape shape() {
        return Shape.of(new Dim("sequence", length));
    }

    @Override
    public Dtype dtype() {
        return Dtype.I32;
    }

    @Override
    public int labels() {
        return length;
    }

    @Override
    public int classes() {
        return vocabulary.size();
    }

    /// Which characters the tokens are.
    public Vocabulary vocabulary() {
        return vocabulary;
    }

    /// Writes window `example` and the token after it.
    ///
    /// @param shift tokens by which all windows are moved, as far as the text goes
    void read(int example, int shift, int[] window) {
        int start = Math.min(example * length + shift, tokens.length - window.length);
        System.arraycopy(tokens, start, window, 0, window.length);
    }

    /// The token that window `example` has as label `position`.
    public int label(int example, int position) {
        return tokens[example * length + position + 1];
    }

    @Override
    public String toString() {
        return "%s: %,d windows of %d characters, %d different ones"
                .formatted(name, size(), length, classes());
    }
}
