package dev.partita.compiler.processor;

import static com.google.common.truth.Truth.assertThat;
import static com.google.testing.compile.CompilationSubject.assertThat;
import static dev.partita.compiler.processor.Nets.CONVNET;

import com.google.testing.compile.Compilation;
import com.google.testing.compile.Compiler;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import javax.annotation.processing.AbstractProcessor;
import javax.annotation.processing.RoundEnvironment;
import javax.annotation.processing.SupportedAnnotationTypes;
import javax.lang.model.SourceVersion;
import javax.lang.model.element.TypeElement;
import javax.tools.StandardLocation;
import org.junit.jupiter.api.Test;

/// How the processor behaves in a build.
class ProcessorRoundsTest {
    private static final String MLP =
            """
            @ShardedModel
            @Batch(8)
            @CrossEntropy
            record Mlp(@Features(6) ModelInput x, @Linear(4) Layer classes) {}
            """;

    private static Compilation compile(String record) {
        return Nets.javac().compile(Nets.file("Mlp", Nets.source(record)));
    }

    private static List<String> errors(Compilation compilation) {
        return compilation.errors().stream().map(e -> e.getMessage(Locale.ROOT)).toList();
    }

    @Test
    void several_mistakes_are_told_at_once() {
        String faulty =
                CONVNET.replace("@Batch(256)", "@Batch(0)")
                        .replace("@MaxPool(2) Layer c1", "@MaxPool(0) Layer c1")
                        .replace("over = \"data\"", "over = \"dta\"")
                        .replace("@Linear(10)", "@Linear(0)");
        assertThat(errors(Nets.compile(faulty)).stream().map(m -> m.replaceAll("(?s)].*", "]")))
                .containsExactly(
                        "[InvalidArgument]",
                        "[InvalidArgument]",
                        "[UnknownAxis]",
                        "[InvalidArgument]");
    }

    @Test
    void a_size_that_another_processor_writes_is_waited_for() {
        Compilation compilation =
                Nets.javac()
                        .withProcessors(new SizesProcessor(), new ShardedModelProcessor())
                        .compile(
                                Nets.file(
                                        "Mlp",
                                        Nets.source(
                                                MLP.replace(
                                                        "@Linear(4)", "@Linear(Sizes.CLASSES)"))));
        assertThat(compilation).succeeded();
        assertThat(compilation)
                .generatedSourceFile("nets.MlpModel")
                .contentsAsUtf8String()
                .contains("linear(\"classes\", 12)");
    }

    /// Writes a class with a size, in the first round.
    @SupportedAnnotationTypes("*")
    private static final class SizesProcessor extends AbstractProcessor {
        private boolean written;

        @Override
        public SourceVersion getSupportedSourceVersion() {
            return SourceVersion.latestSupported();
        }

        @Override
        public boolean process(Set<? extends TypeElement> annotations, RoundEnvironment round) {
            if (!written) {
                written = true;
                try (Writer writer =
                        processingEnv.getFiler().createSourceFile("nets.Sizes").openWriter()) {
                    writer.write("package nets; class Sizes { static final int CLASSES = 12; }");
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
            return false;
        }
    }

    @Test
    void what_is_missing_is_told_by_javac_alone() {
        List<String> errors = errors(compile(MLP.replace("@Linear(4)", "@Linear(Sizes.CLASSES)")));
        assertThat(errors).hasSize(1);
        assertThat(errors.getFirst()).contains("cannot find symbol");
    }

    @Test
    void a_value_of_the_wrong_type_is_told_by_javac_alone() {
        List<String> errors = errors(compile(MLP.replace("@Linear(4)", "@Linear(\"4\")")));
        assertThat(errors).hasSize(1);
        assertThat(errors.getFirst()).contains("incompatible types");
    }

    @Test
    void a_value_that_is_left_out_is_told_by_javac_alone() {
        List<String> errors = errors(compile(MLP.replace("@Linear(4)", "@Linear")));
        assertThat(errors).hasSize(1);
        assertThat(errors.getFirst()).contains("missing a default value for the element 'value'");
    }

    @Test
    void without_compiling_the_sources_are_written_too() {
        Compilation compilation =
                Compiler.javac()
                        .withProcessors(new ShardedModelProcessor())
                        .withOptions("-proc:only")
                        .compile(Nets.file("Mlp", Nets.source(MLP)));
        assertThat(compilation).succeeded();
        assertThat(compilation).generatedSourceFile("nets.MlpModel");
        assertThat(compilation).generatedSourceFile("nets.MlpPlan");
        assertThat(compilation)
                .generatedFile(StandardLocation.CLASS_OUTPUT, "META-INF/partita/nets.Mlp.txt");
    }

    @Test
    void builds_are_told_that_a_record_is_processed_by_itself() throws IOException {
        String file = "/META-INF/gradle/incremental.annotation.processors";
        try (InputStream text = ShardedModelProcessor.class.getResourceAsStream(file)) {
            assertThat(new String(text.readAllBytes(), StandardCharsets.UTF_8).strip())
                    .isEqualTo(ShardedModelProcessor.class.getName() + ",isolating");
        }
    }

    @Test
    void a_record_that_contains_itself_is_refused() {
        List<String> errors =
                errors(
                        compile(
                                MLP.replace(
                                        ") {}",
                                        ", Deep deep) { record Deep(@Linear(4) Layer a, Deep b) {} }")));
        assertThat(errors.getFirst())
                .startsWith("[InvalidArgument] A record of layers contains itself.");
    }
}
