package dev.partita.compiler.processor;

import dev.partita.compiler.CompileOptions;
import dev.partita.dsl.annotation.MeshAxis;
import dev.partita.dsl.annotation.ShardedModel;
import dev.partita.dsl.layer.Layer;
import dev.partita.dsl.layer.Layers;
import dev.partita.dsl.layer.LearningRate;
import dev.partita.dsl.layer.Line;
import dev.partita.dsl.layer.Loss;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.layer.ModelInput;
import dev.partita.dsl.layer.Optimizer;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import java.lang.annotation.Annotation;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import javax.lang.model.element.ElementKind;
import javax.lang.model.element.TypeElement;
import javax.lang.model.element.VariableElement;

/// A record with [ShardedModel], said in the words of the DSL.
record Declaration(TypeElement type, Model model, CompileOptions options) {
    /// Reads the annotations of a type and of its components.
    ///
    /// @return nothing if a word could not be said; then `findings` has Problems
    static Optional<Declaration> read(TypeElement type, Findings findings) {
        return new Reader(type, findings).read();
    }

    private static final class Reader {
        private final TypeElement type;
        private final Findings findings;
        private final List<Place> said;
        private final Place whole;

        Reader(TypeElement type, Findings findings) {
            this.type = type;
            this.findings = findings;
            this.said = Place.annotationsOf(type);
            this.whole = said(ShardedModel.class).getFirst();
        }

        Optional<Declaration> read() {
            if (type.getKind() != ElementKind.RECORD) {
                findings.add(
                        whole,
                        Problem.of(ProblemCode.INVALID_ARGUMENT, "A sharded model is a record.")
                                .fact("type", type.getSimpleName())
                                .fix(
                                        "record Net(@Features(4) ModelInput x, @Linear(2) Layer y) {}"));
                return Optional.empty();
            }
            Optional<Model> model = model();
            Optional<CompileOptions> options = mesh().flatMap(this::options);
            return findings.isEmpty()
                    ? model.flatMap(m -> options.map(o -> new Declaration(type, m, o)))
                    : Optional.empty();
        }

        private List<Place> said(Class<? extends Annotation> word) {
            return said.stream().filter(place -> place.isA(word)).toList();
        }

        /// Where one of these words stands, of which at most one may be said.
        private Optional<Place> only(List<Class<? extends Annotation>> words) {
            List<Place> found = said.stream().filter(p -> words.stream().anyMatch(p::isA)).toList();
            if (found.size() > 1) {
                findings.add(
                        found.get(1),
                        Problem.of(ProblemCode.DUPLICATE_NAME, "A model is trained in one way.")
                                .fact("first", "@" + found.getFirst().simpleName())
                                .fact("second", "@" + found.get(1).simpleName())
                                .fix("leave one of them out"));
            }
            return found.stream().findFirst();
        }

        private Optional<Model> model() {
            List<VariableElement> components = LayerReader.components(type);
            Optional<ModelInput> input = components.stream().findFirst().flatMap(this::input);
            var reader = new LayerReader(findings);
            List<Line<Layer>> lines = new ArrayList<>();
            components.stream().skip(1).map(reader::lines).forEach(lines::addAll);
            Optional<Line<Loss>> loss = loss();
            if (!findings.isEmpty() || input.isEmpty()) {
                return Optional.empty();
            }
            return findings.say(
                    whole,
                    () -> {
                        Model begun = Layers.model(name(), input.get());
                        var model = new Model(begun.name(), begun.input(), lines, loss);
                        model.parameters();
                        return model;
                    });
        }

        private String name() {
            String name = type.getAnnotation(ShardedModel.class).value();
            String simple = type.getSimpleName().toString();
            return name.isEmpty()
                    ? simple.replaceAll("(?<=[a-z0-9])(?=[A-Z])", "-").toLowerCase(Locale.ROOT)
                    : name;
        }

        private Optional<ModelInput> input(VariableElement component) {
            String name = component.getSimpleName().toString();
            Optional<Place> place =
                    Place.annotationsOf(component).stream().filter(LayerWords::isInput).findFirst();
            if (place.isEmpty()) {
                findings.add(
                        whole,
                        Problem.of(
                                        ProblemCode.INCOMPLETE_MODEL,
                                        "A sharded model begins with its input.")
                                .fix(
                                        "annotate the first component with @Image, @Features or @Tokens"));
            }
            return place.flatMap(at -> {
                Annotation word = LayerWords.at(at).orElseThrow();
                LayerSizes.ofInput(word, name)
                        .forEach((dim, member) -> findings.size(dim, at.member(member)));
                return findings.say(at, () -> LayerWords.input(word, name));
            });
        }

        private Optional<Line<Loss>> loss() {
            Optional<Place> place = only(TrainingWords.LOSSES);
            if (place.isEmpty()) {
                findings.add(
                        whole,
                        Problem.of(ProblemCode.INCOMPLETE_MODEL, "A sharded model has a loss.")
                                .fix("@CrossEntropy or @MeanSquared on the record"));
            }
            return place.flatMap(at ->
                    findings.say(at, () -> TrainingWords.loss(at.read()))
                            .map(loss -> new Line<>(loss, at.origin())));
        }

        private Optional<Mesh> mesh() {
            Optional<Mesh> mesh = Optional.of(Mesh.ONE_DEVICE);
            for (Place place : said(MeshAxis.class)) {
                var axis = (MeshAxis) place.read();
                mesh =
                        mesh.flatMap(smaller ->
                                findings.say(place, () -> smaller.by(axis.name(), axis.size())));
            }
            return mesh;
        }

        /// All settings, whether or not some of them cannot be said.
        private Optional<CompileOptions> options(Mesh mesh) {
            CompileOptions options = CompileOptions.on(mesh);
            for (Class<? extends Annotation> word : SettingWords.SETTINGS) {
                for (Place place : said(word)) {
                    CompileOptions before = options;
                    options =
                            findings.say(place, () -> SettingWords.said(before, place.read()))
                                    .orElse(before);
                }
            }
            said(dev.partita.dsl.annotation.Batch.class)
                    .forEach(batch -> findings.size("batch", batch.member("value")));
            CompileOptions placed = options;
            Optional<Optimizer> optimizer = only(TrainingWords.OPTIMIZERS).flatMap(this::optimizer);
            return Optional.of(optimizer.map(placed::optimizer).orElse(placed));
        }

        private Optional<Optimizer> optimizer(Place place) {
            Annotation word = place.read();
            double peak = TrainingWords.peak(word);
            Optional<LearningRate> rate = findings.say(place, () -> Layers.constant(peak));
            for (Class<? extends Annotation> change : TrainingWords.RATES) {
                for (Place at : said(change)) {
                    rate =
                            rate.flatMap(before ->
                                    findings.say(
                                            at,
                                            () -> TrainingWords.changed(before, peak, at.read())));
                }
            }
            return rate.flatMap(
                    changing -> findings.say(place, () -> TrainingWords.optimizer(word, changing)));
        }
    }
}
