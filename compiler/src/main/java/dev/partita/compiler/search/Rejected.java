package dev.partita.compiler.search;

import java.util.Locale;

/// A strategy that is not among the best, and what decides against it.
///
/// @param strategy one for all of its mesh and schedule, where `rule`
/// @param kind what is against it
/// @param missing how far it is from being among the best: bytes, or seconds of a step; 0 where
///   that has no measure
/// @param because in words, with the numbers that it is computed from
public record Rejected(Strategy strategy, Kind kind, double missing, String because) {
    /// What can be against a strategy, the plainest first.
    public enum Kind {
        /// It cannot be compiled.
        RULE("against a rule"),
        /// A device has less memory than it takes.
        MEMORY("do not fit"),
        /// Another one that differs in one thing fits, and that thing costs time and saves memory.
        NEEDLESS("save memory without need"),
        /// Others are faster.
        SLOWER("are slower");

        private final String words;

        Kind(String words) {
            this.words = words;
        }

        /// In one word.
        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }

        /// As in: 12 strategies do not fit.
        @Override
        public String toString() {
            return words;
        }
    }

    /// All strategies of a mesh, or of a schedule on it.
    static Rejected ofRule(Strategy strategy, String rule) {
        return new Rejected(strategy, Kind.RULE, 0, rule);
    }

    /// Needs more memory than a device has.
    static Rejected ofMemory(Estimate needs, long has) {
        return new Rejected(
                needs.strategy(),
                Kind.MEMORY,
                (double) (needs.memory().total() - has),
                "does not fit by %s%s, %s"
                        .formatted(
                                gibibytes(needs.memory().total() - has),
                                needs.strategy().pipe() == 1 ? "" : " on stage " + needs.stage(),
                                largest(needs)));
    }

    /// The same of one that takes no less.
    Rejected of(Strategy heavier) {
        return new Rejected(heavier, kind, missing, "even sequence-parallel it " + because);
    }

    private static String largest(Estimate needs) {
        var memory = needs.memory();
        long most =
                Math.max(
                        Math.max(memory.weights(), memory.gradients()),
                        Math.max(memory.optimizer(), memory.activations()));
        String what =
                most == memory.optimizer()
                        ? "optimizer state"
                        : most == memory.activations()
                                ? "activations"
                                : most == memory.weights() ? "weights" : "gradients";
        return what + " of " + gibibytes(most);
    }

    /// Saves memory that is there.
    static Rejected ofNeedless(Strategy strategy, Estimate fits, long has) {
        return new Rejected(
                strategy,
                Kind.NEEDLESS,
                0,
                "%s fits with %s of %s and does less"
                        .formatted(
                                difference(strategy, fits.strategy()),
                                gibibytes(fits.memory().total()),
                                gibibytes(has)));
    }

    private static String difference(Strategy strategy, Strategy other) {
        if (strategy.zero() != other.zero()) {
            return "zero-" + other.zero();
        }
        return strategy.sequenceParallel() == other.sequenceParallel()
                ? "recompute " + other.recompute()
                : "with sequence parallelism it";
    }

    static String gibibytes(long bytes) {
        return "%.1f GiB".formatted(bytes / (double) (1L << 30));
    }

    @Override
    public String toString() {
        return strategy + ": " + because;
    }
}
