package dev.partita.compiler.processor;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import javax.lang.model.element.AnnotationMirror;
import javax.lang.model.element.AnnotationValue;
import javax.lang.model.element.Element;
import javax.lang.model.element.ElementKind;
import javax.lang.model.element.TypeElement;
import javax.lang.model.element.VariableElement;
import javax.lang.model.type.DeclaredType;
import javax.lang.model.type.TypeKind;

/// Whether a declaration names something that is not there: it may be written in this round, by
/// another processor, and if it is not, javac says what is missing.
final class Unfinished {
    private final Set<TypeElement> seen = new HashSet<>();

    private Unfinished() {}

    static boolean in(TypeElement type) {
        return new Unfinished().isIn(type);
    }

    private boolean isIn(TypeElement type) {
        if (!seen.add(type) || type.getKind() != ElementKind.RECORD) {
            return false;
        }
        return hasUnfinished(type)
                || LayerReader.components(type).stream().anyMatch(this::isInComponent);
    }

    private boolean isInComponent(VariableElement component) {
        return component.asType().getKind() == TypeKind.ERROR
                || hasUnfinished(component)
                || (component.asType() instanceof DeclaredType declared
                        && declared.asElement() instanceof TypeElement nested
                        && isIn(nested));
    }

    private static boolean hasUnfinished(Element element) {
        return element.getAnnotationMirrors().stream().anyMatch(Unfinished::isUnfinished);
    }

    private static boolean isUnfinished(AnnotationMirror mirror) {
        return mirror.getAnnotationType().getKind() == TypeKind.ERROR
                || mirror.getElementValues().values().stream().anyMatch(Unfinished::isUnfinished);
    }

    private static boolean isUnfinished(AnnotationValue value) {
        return switch (value.getValue()) {
            case List<?> elements ->
                    elements.stream().anyMatch(e -> isUnfinished((AnnotationValue) e));
            case AnnotationMirror nested -> isUnfinished(nested);
            // what javac calls a value that it cannot read
            case String text -> text.equals("<error>");
            default -> false;
        };
    }
}
