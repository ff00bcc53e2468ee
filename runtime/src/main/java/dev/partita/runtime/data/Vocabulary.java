package dev.partita.runtime.data;

import java.util.Arrays;

/// The characters of a text, in the order of Unicode: the token of a character is its place among
/// them.
public final class Vocabulary {
    private final int[] characters;

    private Vocabulary(int[] characters) {
        this.characters = characters;
    }

    /// The vocabulary of a text.
    public static Vocabulary of(String text) {
        return new Vocabulary(text.codePoints().sorted().distinct().toArray());
    }

    /// All characters as a text: the vocabulary of it is this one.
    public String characters() {
        return new String(characters, 0, characters.length);
    }

    /// True if it has every character of `text`.
    public boolean covers(String text) {
        return text.codePoints().allMatch(c -> Arrays.binarySearch(characters, c) >= 0);
    }

    /// Number of different characters.
    public int size() {
        return characters.length;
    }

    /// The tokens of a text; a character that is not in the vocabulary becomes token 0.
    public int[] encode(String text) {
        return text.codePoints()
                .map(c -> Math.max(0, Arrays.binarySearch(characters, c)))
                .toArray();
    }

    /// The text of tokens.
    public String decode(int... tokens) {
        var text = new StringBuilder();
        for (int token : tokens) {
            text.appendCodePoint(characters[token]);
        }
        return text.toString();
    }

    @Override
    public String toString() {
        return characters.length + " characters";
    }
}
