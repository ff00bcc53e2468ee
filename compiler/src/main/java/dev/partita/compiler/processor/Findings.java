package dev.partita.compiler.processor;

import dev.partita.dsl.problem.Origin;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;

/// What was found in one declaration: every place that was read, by the name it has in causes, and
/// the Problems, each at the value that it is about.
final class Findings {
    private final Place whole;
    private final Map<String, Place> places = new HashMap<>();
    private final Map<String, Place> layers = new HashMap<>();
    private final Map<String, Place> sizes = new HashMap<>();

    /// By what they say, so that one mistake is told once.
    private final Map<String, Finding> problems = new LinkedHashMap<>();

    /// A Problem and where it is shown.
    record Finding(Place place, Problem problem) {}

    /// @param whole the annotation that makes a declaration of the type
    Findings(Place whole) {
        this.whole = whole;
    }

    /// What `words` give, said at a place; nothing if they have a Problem, which is kept.
    <T> Optional<T> say(Place place, Supplier<T> words) {
        note(place);
        try {
            return Optional.of(Origin.saying(place.origin(), words::get));
        } catch (ProblemException e) {
            e.problems().forEach(this::add);
            return Optional.empty();
        }
    }

    /// Notes that something is said at a place.
    void note(Place place) {
        places.putIfAbsent(place.origin().file(), place);
    }

    /// Notes that a layer is said at a place.
    void layer(String name, Place place) {
        if (!name.isEmpty()) {
            layers.putIfAbsent(name, place);
        }
    }

    /// Notes where the size of a dim stands.
    void size(String dim, Place place) {
        sizes.putIfAbsent(dim, place);
    }

    void add(Place place, Problem problem) {
        problems.putIfAbsent(problem.at(place.origin()).print(), new Finding(place, problem));
    }

    private void add(Problem problem) {
        add(placeOf(problem), problem);
    }

    boolean isEmpty() {
        return problems.isEmpty();
    }

    List<Finding> all() {
        return new ArrayList<>(problems.values());
    }

    /// Where something stands that comes from `origin`.
    Place placeOf(Origin origin) {
        return places.getOrDefault(origin.file(), whole);
    }

    /// The value that a Problem is about: the size of the dim that does not divide; else what it
    /// quotes, or what has the name of a fact and its value, in the annotation it comes from or in
    /// that of its layer; else that annotation.
    Place placeOf(Problem problem) {
        Place said = placeOf(problem.origin());
        Optional<Place> size = sizeOf(problem);
        if (size.isPresent()) {
            return size.get();
        }
        Optional<Place> exact = within(said, problem);
        if (exact.isPresent()) {
            return exact.get();
        }
        Place layer = layerOf(problem).orElse(said);
        return within(layer, problem).orElse(layer);
    }

    /// Where the size of the dim stands that does not divide, if it is as large as it is said.
    private Optional<Place> sizeOf(Problem problem) {
        if (problem.code() != ProblemCode.INDIVISIBLE_DIM) {
            return Optional.empty();
        }
        return problem.facts().stream()
                .filter(fact -> fact.name().equals("dim"))
                .map(fact -> fact.value().split("=", 2))
                .filter(dim -> dim.length == 2)
                .flatMap(dim ->
                        Stream.ofNullable(sizes.get(dim[0]))
                                .filter(place -> place.literal().toString().equals(dim[1])))
                .findFirst();
    }

    private Optional<Place> layerOf(Problem problem) {
        return problem.facts().stream()
                .filter(fact -> fact.name().equals("layer"))
                .map(fact -> fact.value().replaceFirst("\\..*", ""))
                .flatMap(name -> Optional.ofNullable(layers.get(name)).stream())
                .findFirst();
    }

    private Optional<Place> within(Place place, Problem problem) {
        List<Place> searched =
                place.equals(whole) ? Place.annotationsOf(whole.element()) : List.of(place);
        return Subject.of(problem, searched);
    }
}
