package dev.partita.compiler.lint;

import com.sun.source.tree.MethodInvocationTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.TreePath;
import dev.partita.dsl.problem.Fact;
import dev.partita.dsl.problem.Origin;
import dev.partita.dsl.problem.Problem;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Finds the word that a Problem is about: of the call that its origin names, the argument that it
/// speaks of, or else the call's own word.
final class Blame {
    private static final int FACT = 0;
    private static final int SENTENCE = 1;
    private static final int MENTION = 2;
    private static final int NOTHING = 3;

    private final Source source;
    private final Map<Origin, Utterance> byOrigin = new HashMap<>();
    private final IdentityHashMap<Tree, Utterance> byCall = new IdentityHashMap<>();

    /// A constant that a person wrote, and how well it answers to a Problem: less is better.
    private record Candidate(TreePath place, int kind, int position) {}

    Blame(Source source) {
        this.source = source;
    }

    void remember(Utterance utterance) {
        byOrigin.put(utterance.origin(), utterance);
        byCall.put(utterance.call().getLeaf(), utterance);
    }

    /// @param last the call that raised the Problem
    TreePath of(Problem problem, Utterance last) {
        Utterance meant = byOrigin.getOrDefault(problem.origin(), last);
        List<Candidate> candidates = new ArrayList<>();
        collect(meant, !byOrigin.containsKey(problem.origin()), problem, candidates);
        return candidates.stream()
                .min(Comparator.comparingInt(Candidate::kind).thenComparingInt(Candidate::position))
                .map(Candidate::place)
                .orElseGet(() -> word(meant));
    }

    /// The constants of a call, of the words that it completes, and of all words before it if it is
    /// not known which of them is meant.
    private void collect(Utterance said, boolean all, Problem problem, List<Candidate> into) {
        for (int i = 0; i < said.arguments().size(); i++) {
            TreePath place = said.arguments().get(i);
            switch (said.values().get(i)) {
                case String text -> judge(said, i, text, problem).ifPresent(into::add);
                case Number number ->
                        judge(said, i, number.toString(), problem).ifPresent(into::add);
                default -> at(place).ifPresent(inner -> collect(inner, all, problem, into));
            }
        }
        if (all || !said.isWhole()) {
            said.receiver().flatMap(this::at).ifPresent(up -> collect(up, all, problem, into));
        }
    }

    private Optional<Utterance> at(TreePath call) {
        return Optional.ofNullable(byCall.get(call.getLeaf()));
    }

    /// How a Problem speaks of an argument: in a fact of its name, in its sentence, or elsewhere.
    private static Optional<Candidate> judge(
            Utterance said, int argument, String value, Problem problem) {
        TreePath place = said.arguments().get(argument);
        int kind = NOTHING;
        int position = mention(problem.sentence(), value);
        if (position >= 0) {
            kind = SENTENCE;
        }
        for (Fact fact : problem.facts()) {
            if (mention(fact.value(), value) >= 0) {
                String name = letters(fact.name());
                boolean isIts =
                        name.equals(letters(said.parameter(argument)))
                                || name.equals(letters(said.word()));
                kind = Math.min(kind, isIts ? FACT : MENTION);
            }
        }
        return kind == NOTHING
                ? Optional.empty()
                : Optional.of(new Candidate(place, kind, kind == SENTENCE ? position : 0));
    }

    /// Where a text names a value, as a whole word; -1 if it does not.
    private static int mention(String text, String value) {
        String word = Pattern.quote(value);
        Matcher found = Pattern.compile("(?<![\\w.-])" + word + "(?![\\w-])").matcher(text);
        return found.find() ? found.start() : -1;
    }

    /// `microBatches` and `micro-batches` alike.
    private static String letters(String name) {
        return name.toLowerCase(Locale.ROOT).replaceAll("[^a-z]", "");
    }

    /// The word of a call; the one that it is given, if that is all it is given, such as `relu` of
    /// `.then(relu())`.
    private TreePath word(Utterance said) {
        if (said.arguments().size() == 1) {
            Optional<Utterance> given = at(said.arguments().getFirst());
            if (given.isPresent()) {
                return word(first(given.get()).call());
            }
        }
        return word(said.call());
    }

    /// The call that a chain begins with.
    private Utterance first(Utterance said) {
        return said.receiver().flatMap(this::at).map(this::first).orElse(said);
    }

    private TreePath word(TreePath call) {
        return call.getLeaf() instanceof MethodInvocationTree invocation
                ? source.at(call, invocation.getMethodSelect())
                : call;
    }
}
