package dev.partita.dsl.problem;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/// Finds what a person probably meant by a name that does not exist.
public final class NearMiss {
    private NearMiss() {}

    /// The candidate within two edits (or a third of the word's length) of `word`, if there is one.
    public static Optional<String> find(String word, Collection<String> candidates) {
        int limit = Math.max(2, word.length() / 3);
        return candidates.stream()
                .filter(c -> distance(word, c) <= limit)
                .min(
                        Comparator.comparingInt((String c) -> distance(word, c))
                                .thenComparing(c -> c));
    }

    /// A way out for an unknown name: the near miss if there is one, and the names that exist.
    public static String fix(String word, Collection<String> candidates, String kind) {
        String known =
                candidates.isEmpty()
                        ? "there is none"
                        : "there is " + String.join(", ", candidates);
        return find(word, candidates)
                .map(c -> kind + " \"" + c + "\" (" + known + ")")
                .orElse("another " + kind + ": " + known);
    }

    /// Levenshtein distance.
    private static int distance(String a, String b) {
        var previous = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            previous[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            var current = new int[b.length() + 1];
            current[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int substituted = previous[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                current[j] = Math.min(substituted, 1 + Math.min(previous[j], current[j - 1]));
            }
            previous = current;
        }
        return previous[b.length()];
    }
}
