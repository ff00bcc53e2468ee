package dev.partita.runtime.data;

import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/// A text as tokens, one a character.
public final class Text {
    private static final double TRAINED = 0.9;

    private final String name;
    private final Vocabulary vocabulary;
    private final int[] tokens;

    private Text(String name, Vocabulary vocabulary, int[] tokens) {
        this.name = name;
        this.vocabulary = vocabulary;
        this.tokens = tokens;
    }

    /// The characters that it is made of.
    public Vocabulary vocabulary() {
        return vocabulary;
    }

    /// Reads a file of UTF-8.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `DataFileMissing`, `DataFileCorrupt`, or
    ///   `TooFewExamples` if it is empty
    public static Text read(Path file) {
        Path named = file.toAbsolutePath().normalize();
        try {
            String content = Files.readString(file);
            if (content.isEmpty()) {
                throw Problem.of(ProblemCode.TOO_FEW_EXAMPLES, "The text is empty.")
                        .fact("file", named)
                        .fix("name a text file, or give none and train on generated text")
                        .exception();
            }
            return of(String.valueOf(named.getFileName()), content);
        } catch (CharacterCodingException e) {
            throw Problem.of(ProblemCode.DATA_FILE_CORRUPT, "The file is not text in UTF-8.")
                    .fact("file", named)
                    .fix("convert it to UTF-8")
                    .exception(e);
        } catch (IOException e) {
            throw Problem.of(ProblemCode.DATA_FILE_MISSING, "A text cannot be read.")
                    .fact("file", named)
                    .fact("because", e)
                    .fix("name a text file, or give none and train on generated text")
                    .exception(e);
        }
    }

    static Text of(String name, String content) {
        Vocabulary vocabulary = Vocabulary.of(content);
        return new Text(name, vocabulary, vocabulary.encode(content));
    }

    /// Windows of `length` tokens: of the first 90 % to train on, of the rest to test with.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `TooFewExamples` if the rest holds none
    public TextSplit windows(int length) {
        int cut = (int) (tokens.length * TRAINED);
        if (tokens.length - cut <= length) {
            throw Problem.of(
                            ProblemCode.TOO_FEW_EXAMPLES,
                            "The text is too short for windows of this length.")
                    .fact("text", name + ", " + tokens.length + " characters")
                    .fact("its last tenth", tokens.length - cut + " characters, to test with")
                    .fact("window", length + " characters and the next one")
                    .fix("shorter sequences, or a longer text")
                    .exception();
        }
        return new TextSplit(
                part(", first 90 %", 0, cut, length),
                part(", last 10 %", cut, tokens.length, length));
    }

    private TextDataset part(String which, int from, int to, int length) {
        return new TextDataset(
                name + which, vocabulary, Arrays.copyOfRange(tokens, from, to), length);
    }

    @Override
    public String toString() {
        return "%s: %,d characters, %d different ones"
                .formatted(name, tokens.length, vocabulary.size());
    }
}
