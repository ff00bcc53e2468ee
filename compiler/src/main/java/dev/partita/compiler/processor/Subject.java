package dev.partita.compiler.processor;

import dev.partita.dsl.problem.Fact;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;

/// Which value of some annotations a Problem is about.
final class Subject {
    /// Facts that are called otherwise than the member they are about.
    private static final Map<String, String> MEMBERS =
            Map.of(
                    "chosen", "topK",
                    "vectors", "vocabulary",
                    "groups", "local",
                    "stages", "count",
                    "stages here", "count",
                    "limit", "memory");

    /// The member that a setting is about, where nothing tells it closer.
    private static final Map<String, List<String>> OF_SETTINGS =
            Map.of(
                    "Zero", List.of("over"),
                    "Stages", List.of("order", "begins", "schedule"),
                    "Recompute", List.of("memory", "of", "value"),
                    "Precision", List.of("value"),
                    "DeviceMemory", List.of("value"),
                    "Adam", List.of("value"),
                    "AdamW", List.of("value"));

    private Subject() {}

    /// A text that the sentence quotes; else a number that is called as a fact, the last of those;
    /// else a text that is a fact; else a number without a name that is one; else what the only
    /// annotation is about.
    static Optional<Place> of(Problem problem, List<Place> annotations) {
        List<Place.Literal> literals =
                annotations.stream().flatMap(place -> place.literals().stream()).toList();
        List<Fact> facts = problem.facts().reversed();
        if (problem.code() == ProblemCode.SCHEDULE_REJECTED && annotations.size() == 1) {
            return usual(annotations.getFirst());
        }
        if (problem.code() == ProblemCode.INVALID_MESH) {
            return literals.stream()
                    .filter(l -> l.value() instanceof Integer size ? size < 1 : !isName(l.value()))
                    .map(Place.Literal::place)
                    .findFirst();
        }
        return Stream.concat(
                        Stream.<Predicate<Place.Literal>>of(
                                        literal -> isQuoted(literal, problem.sentence()))
                                .flatMap(by -> literals.stream().filter(by)),
                        Stream.<Kind>of(Subject::isNamed, Subject::isText, Subject::isValue)
                                .flatMap(kind -> found(kind, facts, literals, problem.code())))
                .map(Place.Literal::place)
                .findFirst()
                .or(() ->
                        annotations.size() == 1 ? usual(annotations.getFirst()) : Optional.empty());
    }

    private static boolean isName(Object value) {
        return value instanceof String text && text.matches("[A-Za-z][\\w-]*");
    }

    /// How a value and a fact may be about the same.
    private interface Kind {
        boolean matches(Place.Literal literal, Fact fact, ProblemCode code);
    }

    private static Stream<Place.Literal> found(
            Kind kind, List<Fact> facts, List<Place.Literal> literals, ProblemCode code) {
        return facts.stream()
                .flatMap(fact -> literals.stream().filter(l -> kind.matches(l, fact, code)));
    }

    private static boolean isQuoted(Place.Literal literal, String sentence) {
        return literal.value() instanceof String text && sentence.contains('"' + text + '"');
    }

    private static boolean isNamed(Place.Literal literal, Fact fact, ProblemCode code) {
        String member = literal.place().member();
        return isEqual(literal, fact)
                && (member.equals(MEMBERS.get(fact.name()))
                        || letters(fact.name()).contains(letters(member)));
    }

    /// A name is what a Problem is about where it is taken; elsewhere it says whose Problem it is.
    private static boolean isText(Place.Literal literal, Fact fact, ProblemCode code) {
        boolean names =
                literal.place().member().equals("name") && code != ProblemCode.DUPLICATE_NAME;
        String value = fact.value().replace("\"", "");
        String text = literal.value().toString();
        return !(literal.value() instanceof Number)
                && !names
                && (value.equalsIgnoreCase(text) || value.startsWith(text + "="));
    }

    private static boolean isValue(Place.Literal literal, Fact fact, ProblemCode code) {
        return isEqual(literal, fact) && literal.place().member().equals("value");
    }

    private static String letters(String words) {
        return words.replaceAll("[^A-Za-z]", "").toLowerCase(Locale.ROOT);
    }

    private static boolean isEqual(Place.Literal literal, Fact fact) {
        try {
            return literal.value() instanceof Number number
                    && Double.parseDouble(fact.value().replaceFirst("^[\\w-]+=", ""))
                            == number.doubleValue();
        } catch (NumberFormatException notANumber) {
            return false;
        }
    }

    private static Optional<Place> usual(Place setting) {
        return OF_SETTINGS.getOrDefault(setting.simpleName(), List.of()).stream()
                .filter(setting.given()::containsKey)
                .map(setting::member)
                .findFirst();
    }
}
