package dev.partita.compiler.processor;

import dev.partita.compiler.Compiler;
import dev.partita.dsl.annotation.ShardedModel;
import dev.partita.dsl.problem.Origin;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;
import java.util.Set;
import javax.annotation.processing.AbstractProcessor;
import javax.annotation.processing.RoundEnvironment;
import javax.annotation.processing.SupportedAnnotationTypes;
import javax.lang.model.SourceVersion;
import javax.lang.model.element.TypeElement;
import javax.lang.model.util.ElementFilter;
import javax.tools.Diagnostic;

/// For each record with [ShardedModel] compiles its plan, reports what is wrong with it where that
/// stands, and writes what says the same in the words of the DSL.
@SupportedAnnotationTypes("dev.partita.dsl.annotation.*")
public final class ShardedModelProcessor extends AbstractProcessor {
    @Override
    public SourceVersion getSupportedSourceVersion() {
        return SourceVersion.latestSupported();
    }

    /// @return true: the annotations are this processor's own, and javac warns of those that nobody
    ///   claims
    @Override
    @SuppressWarnings("DoNotClaimAnnotations")
    public boolean process(Set<? extends TypeElement> annotations, RoundEnvironment round) {
        for (TypeElement type :
                ElementFilter.typesIn(round.getElementsAnnotatedWith(ShardedModel.class))) {
            process(type);
        }
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
        try {
            read = Declaration.read(type, findings);
            read.ifPresent(
                    d -> findings.say(whole, () -> Compiler.compile(d.model(), d.options())));
        } catch (RuntimeException failure) {
            findings.add(whole, unexpected(failure));
        }
        for (Findings.Finding finding : findings.all()) {
            String message = finding.problem().at(Origin.UNKNOWN).print();
            trees.print(Diagnostic.Kind.ERROR, message, finding.place());
        }
        if (findings.isEmpty()) {
            read.ifPresent(this::write);
        }
    }

    private void write(Declaration declaration) {
        try {
            ModelSource.of(declaration).writeTo(processingEnv.getFiler());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
