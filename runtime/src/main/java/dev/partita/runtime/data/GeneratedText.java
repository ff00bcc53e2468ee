package dev.partita.runtime.data;

import java.util.List;
import java.util.Locale;

/// Sentences about animals that see and follow each other, for a machine that has no text: short
/// words, agreement of number between subject and verb, and a few commas to learn. A pure function
/// of the seed.
public final class GeneratedText {
    private static final int CHARACTERS = 200_000;
    private static final List<String> ANIMALS =
            List.of("fox", "owl", "hen", "dog", "cat", "goat", "bear", "crow", "hare", "newt");
    private static final List<String> KINDS =
            List.of("old", "red", "small", "quick", "sleepy", "proud", "hungry", "kind");
    private static final List<String> DEEDS =
            List.of("see", "follow", "meet", "call", "help", "like", "fear", "know");
    private static final List<String> PLACES =
            List.of("by the river", "in the wood", "on the hill", "near the barn", "at night");

    private final long key;
    private long draws;

    private GeneratedText(long key) {
        this.key = key;
    }

    /// About 200,000 characters.
    public static Text of(long seed) {
        var writer = new GeneratedText(SplitMix.mix(seed, 2));
        var text = new StringBuilder();
        while (text.length() < CHARACTERS) {
            text.append(writer.sentence());
        }
        return Text.of("generated text", text.toString());
    }

    private String sentence() {
        boolean several = below(2) == 0;
        String subject = animals(several);
        String deed = pick(DEEDS) + (several ? "" : "s");
        String start = below(4) == 0 ? capital(pick(PLACES)) + ", " + subject : capital(subject);
        return start + " " + deed + " " + animals(below(2) == 0) + (below(3) == 0 ? "!\n" : ".\n");
    }

    private String animals(boolean several) {
        String kind = below(2) == 0 ? pick(KINDS) + " " : "";
        return "the " + kind + pick(ANIMALS) + (several ? "s" : "");
    }

    private static String capital(String words) {
        return words.substring(0, 1).toUpperCase(Locale.ROOT) + words.substring(1);
    }

    private String pick(List<String> words) {
        return words.get(below(words.size()));
    }

    private int below(int bound) {
        return SplitMix.below(bound, key, draws++);
    }
}
