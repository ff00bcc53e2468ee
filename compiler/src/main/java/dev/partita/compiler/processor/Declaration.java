package dev.partita.compiler.processor;

import com.palantir.javapoet.CodeBlock;
import dev.partita.dsl.annotation.MeshAxis;
import dev.partita.dsl.annotation.ShardDim;
import dev.partita.dsl.annotation.ShardedModel;
import dev.partita.dsl.layer.Layer;
import dev.partita.dsl.layer.Layers;
import dev.partita.dsl.layer.Loss;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.layer.ModelInput;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import java.lang.annotation.Annotation;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import javax.lang.model.element.AnnotationMirror;
import javax.lang.model.element.ElementKind;
import javax.lang.model.element.Modifier;
import javax.lang.model.element.TypeElement;
import javax.lang.model.element.VariableElement;
import javax.lang.model.util.ElementFilter;

/// A record with [ShardedModel], read.
///
/// @param place where the annotation stands
/// @param sizes by dim, where its size stands
record Declaration(
        TypeElement type,
        ShardedModel settings,
        Place place,
        Said<Model> model,
        Said<Mesh> mesh,
        List<Shard> shards,
        Map<String, Place> sizes) {

    /// A dim to shard, and where that is asked for.
    record Shard(ShardDim asked, Place place) {}

    /// One annotation of a component that is a word of the DSL.
    private record Word(String component, Annotation annotation, Place place) {}

    /// Reads the annotations of a type and of its components.
    ///
    /// @throws Place.Misplaced the first Problem
    static Declaration read(TypeElement type) {
        Place place = Place.of(type, ShardedModel.class);
        if (type.getKind() != ElementKind.RECORD) {
            throw place.misplaced(
                    Problem.of(ProblemCode.INVALID_ARGUMENT, "A sharded model is a record.")
                            .fact("type", type.getSimpleName())
                            .fix("record Net(@Features(4) ModelInput x, @Linear(2) Layer y) {}"));
        }
        ShardedModel settings = type.getAnnotation(ShardedModel.class);
        List<Word> words = words(type, place);
        return new Declaration(
                type,
                settings,
                place,
                model(settings, place, words),
                mesh(settings, place),
                shards(settings, place),
                sizes(place, words));
    }

    private static List<Word> words(TypeElement type, Place place) {
        var words = new ArrayList<Word>();
        for (VariableElement field : ElementFilter.fieldsIn(type.getEnclosedElements())) {
            if (!field.getModifiers().contains(Modifier.STATIC)) {
                words.addAll(words(field));
            }
        }
        if (words.isEmpty() || !Words.isInput(words.getFirst().annotation())) {
            String sentence = "A sharded model begins with its input.";
            throw place.misplaced(
                    Problem.of(ProblemCode.INCOMPLETE_MODEL, sentence)
                            .fix("annotate the first component with @Image, @Features or @Tokens"));
        }
        return words;
    }

    /// The words of a component, read from its field, where javac knows the place of each value.
    private static List<Word> words(VariableElement field) {
        String component = field.getSimpleName().toString();
        var words = new ArrayList<Word>();
        for (AnnotationMirror mirror : field.getAnnotationMirrors()) {
            Words.ofType(Place.nameOf(mirror))
                    .map(field::getAnnotation)
                    .ifPresent(a -> words.add(new Word(component, a, Place.of(field, mirror))));
        }
        if (words.isEmpty()) {
            String sentence = "A component of a sharded model is a layer or the input.";
            throw Place.of(field)
                    .misplaced(
                            Problem.of(ProblemCode.INCOMPLETE_MODEL, sentence)
                                    .fact("component", component)
                                    .fix("annotate it, for example with @Linear(10)"));
        }
        return words;
    }

    private static Said<Model> model(ShardedModel settings, Place place, List<Word> words) {
        Word first = words.getFirst();
        Said<ModelInput> input =
                first.place().say(() -> Words.input(first.annotation(), first.component()));
        String name = settings.name();
        Said<Model> model =
                place.member("name")
                        .say(() ->
                                Said.call(Layers.model(name, input.given()), "model", name, input));
        for (Word word : words.subList(1, words.size())) {
            Said<Model> shorter = model;
            Said<Layer> layer =
                    word.place().say(() -> Words.layer(word.annotation(), word.component()));
            model =
                    word.place()
                            .say(() ->
                                    shorter.then(
                                            shorter.given().then(layer.given()), "then", layer));
        }
        Said<Loss> loss = Words.loss(settings.loss());
        return model.then(model.given().loss(loss.given()), "loss", loss);
    }

    private static Said<Mesh> mesh(ShardedModel settings, Place place) {
        List<Place> places = place.member("mesh").elements();
        var mesh = new Said<>(Mesh.ONE_DEVICE, CodeBlock.of("$T.ONE_DEVICE", Mesh.class));
        for (int i = 0; i < places.size(); i++) {
            MeshAxis axis = settings.mesh()[i];
            Mesh smaller = mesh.given();
            Mesh larger = places.get(i).say(() -> smaller.by(axis.name(), axis.size()));
            mesh = mesh.then(larger, "by", axis.name(), axis.size());
        }
        return mesh;
    }

    private static List<Shard> shards(ShardedModel settings, Place place) {
        List<Place> places = place.member("shard").elements();
        return IntStream.range(0, places.size())
                .mapToObj(i -> new Shard(settings.shard()[i], places.get(i)))
                .toList();
    }

    private static Map<String, Place> sizes(Place place, List<Word> words) {
        var sizes = new HashMap<String, Place>();
        sizes.put("batch", place.member("batch"));
        for (Word word : words) {
            Words.sizeMember(word.annotation())
                    .ifPresent(member -> sizes.put(word.component(), word.place().member(member)));
        }
        return sizes;
    }
}
