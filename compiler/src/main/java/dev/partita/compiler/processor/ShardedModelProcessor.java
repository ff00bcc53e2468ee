package dev.partita.compiler.processor;

import dev.partita.dsl.annotation.ShardedModel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Set;
import javax.annotation.processing.AbstractProcessor;
import javax.annotation.processing.RoundEnvironment;
import javax.annotation.processing.SupportedAnnotationTypes;
import javax.lang.model.SourceVersion;
import javax.lang.model.element.TypeElement;
import javax.lang.model.util.ElementFilter;

/// For each record with [ShardedModel] writes a class that says the same in the words of the DSL,
/// or reports where it cannot be said.
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
            try {
                Declaration declaration = Declaration.read(type);
                ShardCheck.check(declaration);
                ModelSource.of(declaration).writeTo(processingEnv.getFiler());
            } catch (Place.Misplaced e) {
                e.report(processingEnv.getMessager());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return true;
    }
}
