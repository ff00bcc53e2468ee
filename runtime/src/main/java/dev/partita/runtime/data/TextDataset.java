package dev.partita.runtime.data;

import dev.partita.dsl.tensor.Dim;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.dsl.tensor.Shape;
import java.util.OptionalInt;

/// A text cut into windows that follow one another. The label of each token is the token after it;
/// or, if tokens are [#hidden], what a token was that the model does not see.
public final class TextDataset implements Examples {
    private final String name;
    private final Vocabulary vocabulary;
    private final int[] tokens;
    private final int length;
    private final boolean isHidden;

    /// @param length tokens of a window
    TextDataset(String name, Vocabulary vocabulary, int[] tokens, int length) {
        this(name, vocabulary, tokens.clone(), length, false);
    }

    private TextDataset(
            String name, Vocabulary vocabulary, int[] tokens, int length, boolean isHidden) {
        this.name = name;
        this.vocabulary = vocabulary;
        this.tokens = tokens;
        this.length = length;
        this.isHidden = isHidden;
    }

    /// The same text, of which tokens are hidden as [Masking] says.
    public TextDataset hidden() {
        return isHidden
                ? this
                : new TextDataset(name + ", characters hidden", vocabulary, tokens, length, true);
    }

    /// Whether labels are what hidden tokens were.
    public boolean isHidden() {
        return isHidden;
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

    /// Number of different tokens: the characters, and what stands for a hidden one.
    @Override
    public int classes() {
        return vocabulary.size() + (isHidden ? 1 : 0);
    }

    @Override
    public OptionalInt ignored() {
        return isHidden ? OptionalInt.of(Masking.IGNORED) : OptionalInt.empty();
    }

    /// Which characters the tokens are.
    public Vocabulary vocabulary() {
        return vocabulary;
    }

    /// The token of a line's end, or -1 if the text has no lines.
    int lineBreak() {
        return vocabulary.covers("\n") ? vocabulary.encode("\n")[0] : -1;
    }

    /// Writes window `example` and the token after it.
    ///
    /// @param shift tokens by which all windows are moved, as far as the text goes
    /// @return where in the text it begins
    int read(int example, int shift, int[] window) {
        int start = Math.min(example * length + shift, tokens.length - window.length);
        System.arraycopy(tokens, start, window, 0, window.length);
        return start;
    }

    @Override
    public String toString() {
        return "%s: %,d windows of %d characters, %d different ones"
                .formatted(name, size(), length, classes());
    }
}
