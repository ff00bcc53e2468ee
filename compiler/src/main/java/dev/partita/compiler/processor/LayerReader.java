package dev.partita.compiler.processor;

import dev.partita.dsl.annotation.Residual;
import dev.partita.dsl.annotation.Shortcut;
import dev.partita.dsl.annotation.Times;
import dev.partita.dsl.layer.Layer;
import dev.partita.dsl.layer.Layers;
import dev.partita.dsl.layer.Line;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import java.lang.annotation.Annotation;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.lang.model.element.Element;
import javax.lang.model.element.ElementKind;
import javax.lang.model.element.Modifier;
import javax.lang.model.element.TypeElement;
import javax.lang.model.element.VariableElement;
import javax.lang.model.type.DeclaredType;
import javax.lang.model.util.ElementFilter;

/// Reads the components of records as layers.
final class LayerReader {
    /// Records of Partita are layers themselves.
    private static final String WORDS = Layer.class.getPackageName() + ".";

    private final Findings findings;

    /// Records whose layers are being read, the outermost first.
    private final List<TypeElement> open = new ArrayList<>();

    LayerReader(Findings findings) {
        this.findings = findings;
    }

    /// The fields of a record's components, in order: there javac knows the place of each value.
    static List<VariableElement> components(TypeElement type) {
        return ElementFilter.fieldsIn(type.getEnclosedElements()).stream()
                .filter(field -> !field.getModifiers().contains(Modifier.STATIC))
                .toList();
    }

    /// What a component of a model says, each layer on a line of its own; those of a record in one.
    List<Line<Layer>> lines(VariableElement component) {
        Naming naming = Naming.of(component.getSimpleName().toString());
        List<Line<Layer>> lines = new ArrayList<>();
        Place own = placeOf(component);
        if (nested(component).isEmpty() && residual(component).isEmpty()) {
            words(component, naming)
                    .forEach(said -> lines.add(new Line<>(said.layer(), said.place().origin())));
        } else {
            layers(component, naming).forEach(layer -> lines.add(new Line<>(layer, own.origin())));
            findings.note(own);
        }
        return lines;
    }

    /// A layer and where it is said.
    private record Said(Layer layer, Place place) {}

    /// What a component says, with the blocks of its record and as a residual if it is one.
    private List<Layer> layers(VariableElement component, Naming outer) {
        List<Layer> layers = new ArrayList<>();
        Optional<TypeElement> nested = nested(component);
        Times times = component.getAnnotation(Times.class);
        int count = times == null ? 1 : times.value();
        if (count < 1) {
            findings.add(
                    annotation(component, Times.class).orElseThrow().member("value"),
                    Problem.of(ProblemCode.INVALID_ARGUMENT, "A block is repeated at least once.")
                            .fact("times", count)
                            .fix("@Times(1) or more"));
        }
        for (int i = 0; i < count; i++) {
            String block = times == null ? outer.block() : String.valueOf(times.from() + i);
            Naming naming = new Naming(component.getSimpleName().toString(), block);
            List<Layer> inner = new ArrayList<>();
            List<Layer> shortcut = new ArrayList<>();
            nested.ifPresent(type -> inside(type, naming, inner, shortcut));
            words(component, naming).forEach(said -> inner.add(said.layer()));
            Optional<Place> residual = residual(component);
            if (residual.isPresent()) {
                Layer.Skipping sum = Layers.residual(inner.toArray(Layer[]::new));
                layers.add(shortcut.isEmpty() ? sum : sum.shortcut(shortcut.toArray(Layer[]::new)));
            } else {
                requireNone(shortcut, component);
                layers.addAll(inner);
            }
        }
        return layers;
    }

    private void inside(TypeElement type, Naming naming, List<Layer> inner, List<Layer> shortcut) {
        if (open.contains(type)) {
            findings.add(
                    Place.of(type),
                    Problem.of(ProblemCode.INVALID_ARGUMENT, "A record of layers contains itself.")
                            .fact("record", type.getSimpleName())
                            .fix("@Times(2) on the component repeats a block"));
            return;
        }
        open.add(type);
        for (VariableElement component : components(type)) {
            boolean skips = annotation(component, Shortcut.class).isPresent();
            List<Layer> layers = layers(component, naming.at(component.getSimpleName().toString()));
            (skips ? shortcut : inner).addAll(layers);
        }
        open.removeLast();
    }

    private void requireNone(List<Layer> shortcut, VariableElement component) {
        if (!shortcut.isEmpty()) {
            findings.add(
                    placeOf(component),
                    Problem.of(
                                    ProblemCode.INCOMPLETE_MODEL,
                                    "A shortcut is taken around a residual.")
                            .fact("component", component.getSimpleName())
                            .fix("annotate it with @Residual"));
        }
    }

    /// The layers that the annotations of a component say, from left to right.
    private List<Said> words(VariableElement component, Naming naming) {
        List<Said> said = new ArrayList<>();
        if (nested(component).isEmpty() && wordsAt(component).isEmpty()) {
            findings.add(
                    placeOf(component),
                    Problem.of(
                                    ProblemCode.INCOMPLETE_MODEL,
                                    "A component of a sharded model is a layer or the input.")
                            .fact("component", component.getSimpleName())
                            .fix("annotate it, for example with @Linear(10)"));
        }
        for (Place place : wordsAt(component)) {
            Annotation word = LayerWords.at(place).orElseThrow();
            findings.say(place, () -> LayerWords.layer(word, naming))
                    .ifPresent(layer -> {
                        note(word, layer, place);
                        said.add(new Said(layer, place));
                    });
        }
        return said;
    }

    private static List<Place> wordsAt(VariableElement component) {
        return Place.annotationsOf(component).stream()
                .filter(place -> LayerWords.at(place).isPresent())
                .toList();
    }

    private void note(Annotation word, Layer layer, Place place) {
        findings.layer(layer.name(), place);
        LayerSizes.of(word, layer)
                .forEach((dim, member) -> findings.size(dim, place.member(member)));
    }

    private static Optional<Place> residual(VariableElement component) {
        return annotation(component, Residual.class);
    }

    private static Optional<Place> annotation(Element element, Class<? extends Annotation> type) {
        return Place.annotationsOf(element).stream().filter(place -> place.isA(type)).findFirst();
    }

    /// Where a component of a record stands that no single word says.
    private static Place placeOf(VariableElement component) {
        return residual(component).orElseGet(() -> Place.of(component));
    }

    /// The record of layers that is a component's type, if it is one.
    private static Optional<TypeElement> nested(VariableElement component) {
        return component.asType() instanceof DeclaredType type
                        && type.asElement() instanceof TypeElement element
                        && element.getKind() == ElementKind.RECORD
                        && !element.getQualifiedName().toString().startsWith(WORDS)
                ? Optional.of(element)
                : Optional.empty();
    }
}
