package dev.partita.compiler.processor;

import dev.partita.dsl.problem.Origin;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemException;
import java.lang.annotation.Annotation;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import javax.annotation.processing.Messager;
import javax.lang.model.element.AnnotationMirror;
import javax.lang.model.element.AnnotationValue;
import javax.lang.model.element.Element;
import javax.lang.model.element.ExecutableElement;
import javax.lang.model.element.TypeElement;
import javax.tools.Diagnostic;
import org.jspecify.annotations.Nullable;

/// Where a declaration, one of its annotations, or one value of that stands in the user's source.
record Place(
        Element element, @Nullable AnnotationMirror annotation, @Nullable AnnotationValue value) {
    static Place of(Element element) {
        return new Place(element, null, null);
    }

    static Place of(Element element, AnnotationMirror annotation) {
        return new Place(element, annotation, null);
    }

    /// The annotation of this type on `element`.
    static Place of(Element element, Class<? extends Annotation> type) {
        return element.getAnnotationMirrors().stream()
                .filter(a -> nameOf(a).equals(type.getCanonicalName()))
                .map(a -> of(element, a))
                .findFirst()
                .orElseGet(() -> of(element));
    }

    /// Qualified name of an annotation's type.
    static String nameOf(AnnotationMirror annotation) {
        return ((TypeElement) annotation.getAnnotationType().asElement())
                .getQualifiedName()
                .toString();
    }

    /// The place of one value that the annotation was given, or its own if that was left out.
    Place member(String name) {
        AnnotationMirror here =
                value != null && value.getValue() instanceof AnnotationMirror nested
                        ? nested
                        : annotation;
        if (here != null) {
            for (Map.Entry<? extends ExecutableElement, ? extends AnnotationValue> entry :
                    here.getElementValues().entrySet()) {
                if (entry.getKey().getSimpleName().contentEquals(name)) {
                    return new Place(element, annotation, entry.getValue());
                }
            }
        }
        return this;
    }

    /// The places of the elements, where this is the place of an array.
    List<Place> elements() {
        return value != null && value.getValue() instanceof List<?> values
                ? values.stream()
                        .map(v -> new Place(element, annotation, (AnnotationValue) v))
                        .toList()
                : List.of();
    }

    /// What `word` gives; a Problem of it gets this place.
    <T> T say(Supplier<T> word) {
        try {
            return word.get();
        } catch (ProblemException e) {
            throw misplaced(e.problem());
        }
    }

    Misplaced misplaced(Problem problem) {
        return new Misplaced(this, problem);
    }

    /// Writes a Problem as an error of javac, which itself names file and line.
    void report(Messager messager, Problem problem) {
        messager.printMessage(
                Diagnostic.Kind.ERROR,
                problem.at(Origin.UNKNOWN).print(),
                element,
                annotation,
                value);
    }

    /// Carries a Problem and its place to the processor.
    static final class Misplaced extends RuntimeException {
        private static final long serialVersionUID = 1;

        private final transient Place place;
        private final transient Problem problem;

        private Misplaced(Place place, Problem problem) {
            super(problem.print());
            this.place = place;
            this.problem = problem;
        }

        void report(Messager messager) {
            place.report(messager, problem);
        }
    }
}
