package dev.partita.compiler.processor;

import dev.partita.dsl.problem.Origin;
import java.lang.annotation.Annotation;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;
import javax.lang.model.element.AnnotationMirror;
import javax.lang.model.element.AnnotationValue;
import javax.lang.model.element.Element;
import javax.lang.model.element.ExecutableElement;
import javax.lang.model.element.TypeElement;
import org.jspecify.annotations.Nullable;

/// Where a declaration, one of its annotations, or one value of that stands in the user's source.
///
/// @param occurrence which annotation of its type on the element, from 0
/// @param member of the annotation; empty for the whole of it
/// @param index in the member, if that is an array
record Place(
        Element element,
        @Nullable AnnotationMirror annotation,
        int occurrence,
        String member,
        OptionalInt index) {
    static Place of(Element element) {
        return new Place(element, null, 0, "", OptionalInt.empty());
    }

    /// The annotations on `element` in the order of its source; several of one type one by one.
    static List<Place> annotationsOf(Element element) {
        List<Place> places = new ArrayList<>();
        for (AnnotationMirror mirror : element.getAnnotationMirrors()) {
            List<AnnotationMirror> several = several(mirror);
            if (several.isEmpty()) {
                places.add(new Place(element, mirror, 0, "", OptionalInt.empty()));
            }
            for (int i = 0; i < several.size(); i++) {
                places.add(new Place(element, several.get(i), i, "", OptionalInt.empty()));
            }
        }
        return places;
    }

    /// What javac put together because it is repeated.
    private static List<AnnotationMirror> several(AnnotationMirror mirror) {
        return mirror.getAnnotationType().asElement().getSimpleName().contentEquals("Several")
                ? mirror.getElementValues().values().stream()
                        .flatMap(Place::elements)
                        .map(value -> (AnnotationMirror) value.getValue())
                        .toList()
                : List.of();
    }

    private static Stream<? extends AnnotationValue> elements(AnnotationValue value) {
        return value.getValue() instanceof List<?> list
                ? list.stream().map(AnnotationValue.class::cast)
                : Stream.of(value);
    }

    /// What the annotation says, of those on its element the one that stands here.
    Annotation read() {
        try {
            Class<? extends Annotation> type =
                    Class.forName(typeName(), false, Place.class.getClassLoader())
                            .asSubclass(Annotation.class);
            return element.getAnnotationsByType(type)[occurrence];
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(typeName(), e);
        }
    }

    /// True if this is an annotation of the type.
    boolean isA(Class<? extends Annotation> type) {
        return typeName().equals(type.getCanonicalName());
    }

    /// Qualified name of the annotation's type; empty if this is no annotation.
    String typeName() {
        return annotation == null
                ? ""
                : ((TypeElement) annotation.getAnnotationType().asElement())
                        .getQualifiedName()
                        .toString();
    }

    /// Its simple name.
    String simpleName() {
        return typeName().substring(typeName().lastIndexOf('.') + 1);
    }

    /// The place of one value that the annotation was given, or its own if that was left out.
    Place member(String name) {
        return given().containsKey(name)
                ? new Place(element, annotation, occurrence, name, OptionalInt.empty())
                : this;
    }

    /// What the annotation was given, by member.
    Map<String, AnnotationValue> given() {
        if (annotation == null) {
            return Map.of();
        }
        Map<String, AnnotationValue> given = new LinkedHashMap<>();
        for (Map.Entry<? extends ExecutableElement, ? extends AnnotationValue> entry :
                annotation.getElementValues().entrySet()) {
            given.put(entry.getKey().getSimpleName().toString(), entry.getValue());
        }
        return given;
    }

    /// Every single value that the annotation was given, with its place.
    List<Literal> literals() {
        List<Literal> literals = new ArrayList<>();
        given().forEach((name, value) -> {
            if (value.getValue() instanceof List<?>) {
                List<? extends AnnotationValue> elements = elements(value).toList();
                for (int i = 0; i < elements.size(); i++) {
                    literals.add(
                            new Literal(
                                    new Place(
                                            element,
                                            annotation,
                                            occurrence,
                                            name,
                                            OptionalInt.of(i)),
                                    elements.get(i).getValue()));
                }
            } else {
                literals.add(new Literal(member(name), value.getValue()));
            }
        });
        return literals;
    }

    /// What the member here was given; empty if there is none.
    Object literal() {
        return given().containsKey(member) ? given().get(member).getValue() : "";
    }

    /// A number or text in an annotation.
    record Literal(Place place, Object value) {}

    /// The value here, for tools that know places no closer.
    @Nullable AnnotationValue value() {
        return Optional.ofNullable(given().get(member)).orElse(null);
    }

    /// The name of this place in causes and messages: `ConvNet.hidden @Linear`.
    Origin origin() {
        Element type = element.getEnclosingElement();
        String owner = type instanceof TypeElement ? type.getSimpleName() + "." : "";
        String which = annotation == null ? "" : " @" + simpleName();
        String repeated = occurrence == 0 ? "" : " " + (occurrence + 1);
        return new Origin(owner + element.getSimpleName() + which + repeated, 0);
    }
}
