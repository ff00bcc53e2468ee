package dev.partita.shell.engine;

import java.util.List;

/// What can stand at the cursor.
///
/// @param anchor position in the text from which a word replaces it
public record Completion(int anchor, List<String> words) {
    public Completion {
        words = List.copyOf(words);
    }
}
