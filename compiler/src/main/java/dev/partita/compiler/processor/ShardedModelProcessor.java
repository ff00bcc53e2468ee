package dev.partita.compiler.processor;

import dev.partita.dsl.annotation.ShardedModel;
import dev.partita.dsl.problem.Origin;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import java.io.IOException;
import java.io.Writer;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import javax.annotation.processing.AbstractProcessor;
import javax.annotation.processing.Filer;
import javax.annotation.processing.RoundEnvironment;
import javax.annotation.processing.SupportedAnnotationTypes;
import javax.lang.model.SourceVersion;
import javax.lang.model.element.ModuleElement;
import javax.lang.model.element.TypeElement;
import javax.lang.model.util.ElementFilter;
import javax.lang.model.util.Elements;
import javax.tools.Diagnostic;
import javax.tools.FileObject;
import javax.tools.StandardLocation;
import org.jspecify.annotations.Nullable;

/// For each record with [ShardedModel] compiles its plan, reports what is wrong with it where that
/// stands, and writes what says the same in the words of the DSL.
@SupportedAnnotationTypes("dev.partita.dsl.annotation.*")
public final class ShardedModelProcessor extends AbstractProcessor {
    @Override
    public SourceVersion getSupportedSourceVersion() {
        return SourceVersion.latestSupported();
    }

    /// Records of which a part is not written yet, by name: another processor may write it.
    private Set<String> deferred = new LinkedHashSet<>();

    /// @return true: the annotations are this processor's own, and javac warns of those that nobody
    ///   claims
    @Override
    @SuppressWarnings("DoNotClaimAnnotations")
    public boolean process(Set<? extends TypeElement> annotations, RoundEnvironment round) {
        Map<String, TypeElement> types = new LinkedHashMap<>();
        for (String name : deferred) {
            TypeElement again = processingEnv.getElementUtils().getTypeElement(name);
            if (again != null) {
                types.put(name, again);
            }
        }
        for (TypeElement type :
                ElementFilter.typesIn(round.getElementsAnnotatedWith(ShardedModel.class))) {
            types.put(type.getQualifiedName().toString(), type);
        }
        deferred = new LinkedHashSet<>();
        types.forEach((name, type) -> {
            if (Unfinished.in(type)) {
                deferred.add(name);
            } else {
                process(type);
            }
        });
        return true;
    }

    /// Reports what no Problem was made of in one line too: javac would print a stack trace.
    private static Problem unexpected(RuntimeException failure) {
        return Problem.of(ProblemCode.PLAN_REJECTED, "The plan of this model cannot be made.")
                .fact("because", failure)
                .fix("report this: the compiler met something that it does not know");
    }

    private void process(TypeElement type) {
        var trees = new SourceTrees(processingEnv);
        Place whole =
                Place.annotationsOf(type).stream()
                        .filter(place -> place.isA(ShardedModel.class))
                        .findFirst()
                        .orElseThrow();
        var findings = new Findings(whole);
        Optional<Declaration> read = Optional.empty();
        Optional<CheckedPlan> plan = Optional.empty();
        try {
            read = Declaration.read(type, findings);
            plan =
                    read.flatMap(
                            d -> findings.say(whole, () -> CheckedPlan.of(d.model(), d.options())));
        } catch (RuntimeException failure) {
            findings.add(whole, unexpected(failure));
        }
        for (Findings.Finding finding : findings.all()) {
            String message = finding.problem().at(Origin.UNKNOWN).message();
            trees.print(Diagnostic.Kind.ERROR, message, finding.place());
        }
        if (plan.isPresent() && findings.isEmpty()) {
            warn(read.orElseThrow(), plan.get(), findings, trees);
            write(read.orElseThrow(), plan.get());
        }
    }

    private static void warn(
            Declaration declaration, CheckedPlan plan, Findings findings, SourceTrees trees) {
        SuppressWarnings quiet = declaration.type().getAnnotation(SuppressWarnings.class);
        Set<String> suppressed = quiet == null ? Set.of() : Set.of(quiet.value());
        for (Waste waste : Waste.of(plan.compilation(), declaration.options())) {
            if (!suppressed.contains(waste.what())) {
                Place place = findings.placeOf(waste.origin());
                trees.print(Diagnostic.Kind.WARNING, waste.print(), place);
            }
        }
    }

    private void write(Declaration declaration, CheckedPlan plan) {
        TypeElement type = declaration.type();
        ModuleElement module = processingEnv.getElementUtils().getModuleOf(type);
        boolean trains = isThere(module, "train.Words") && isThere(module, "data.Examples");
        Filer filer = processingEnv.getFiler();
        try {
            ModelSource.of(declaration).writeTo(filer);
            PlanSource.of(declaration, trains).writeTo(filer);
            FileObject text =
                    filer.createResource(
                            StandardLocation.CLASS_OUTPUT,
                            "",
                            "META-INF/partita/" + type.getQualifiedName() + ".txt",
                            type);
            try (Writer writer = text.openWriter()) {
                writer.write(PlanText.of(plan, declaration.options()));
            }
        } catch (IOException e) {
            processingEnv
                    .getMessager()
                    .printMessage(Diagnostic.Kind.ERROR, "cannot write: " + e.getMessage(), type);
        }
    }

    /// True if the program that is compiled can name a class of the runtime.
    private boolean isThere(@Nullable ModuleElement module, String name) {
        Elements elements = processingEnv.getElementUtils();
        String runtime = "dev.partita.runtime." + name;
        return module == null
                ? elements.getTypeElement(runtime) != null
                : elements.getTypeElement(module, runtime) != null;
    }
}
