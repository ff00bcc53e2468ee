package dev.partita.compiler.processor;

import static com.google.common.truth.Truth.assertThat;
import static com.google.testing.compile.CompilationSubject.assertThat;
import static dev.partita.compiler.CompileOptions.on;
import static dev.partita.compiler.processor.Nets.CONVNET;
import static dev.partita.dsl.layer.Layers.adam;
import static dev.partita.dsl.layer.Layers.conv2d;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.flatten;
import static dev.partita.dsl.layer.Layers.image;
import static dev.partita.dsl.layer.Layers.linear;
import static dev.partita.dsl.layer.Layers.maxPool;
import static dev.partita.dsl.layer.Layers.model;
import static dev.partita.dsl.layer.Layers.relu;

import com.google.testing.compile.Compilation;
import dev.partita.compiler.CompileOptions;
import dev.partita.compiler.Compiler;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.mesh.Mesh;
import java.util.List;
import java.util.ServiceLoader;
import javax.annotation.processing.Processor;
import org.junit.jupiter.api.Test;

class ShardedModelProcessorTest {
    @Test
    void the_generated_class_says_the_words_that_a_person_would() {
        String expected =
                """
                package nets;

                import static dev.partita.compiler.CompileOptions.*;
                import static dev.partita.dsl.layer.Layers.*;

                import dev.partita.compiler.CompileOptions;
                import dev.partita.dsl.layer.Layers;
                import dev.partita.dsl.layer.Model;
                import dev.partita.dsl.mesh.Mesh;

                /**
                 * What {@link ConvNet} declares, in the words of the DSL. Generated.
                 */
                public final class ConvNetModel {
                    private ConvNetModel() {
                    }

                    public static Model model() {
                        return Layers.model("conv-net", image("pixels", 1, 28, 28))
                                .then(conv2d("c1", 32, 3))
                                .then(relu())
                                .then(maxPool(2))
                                .then(conv2d("c2", 64, 3))
                                .then(relu())
                                .then(maxPool(2))
                                .then(flatten())
                                .then(linear("hidden", 256))
                                .then(relu())
                                .then(linear("classes", 10))
                                .loss(crossEntropy());
                    }

                    public static Mesh mesh() {
                        return Mesh.ONE_DEVICE
                                .by("data", 2)
                                .by("tensor", 2);
                    }

                    public static CompileOptions options() {
                        return on(mesh())
                                .shard("batch").over("data")
                                .shard("hidden").over("tensor")
                                .optimizer(adam(0.001))
                                .batch(256);
                    }
                }
                """;
        Compilation compilation = Nets.compile(CONVNET);
        assertThat(compilation).succeededWithoutWarnings();
        assertThat(compilation)
                .generatedSourceFile("nets.ConvNetModel")
                .contentsAsUtf8String()
                .isEqualTo(expected);
    }

    @Test
    void the_annotated_model_is_the_fluent_one() throws ReflectiveOperationException {
        Model fluent =
                model("conv-net", image("pixels", 1, 28, 28))
                        .then(conv2d("c1", 32, 3))
                        .then(relu())
                        .then(maxPool(2))
                        .then(conv2d("c2", 64, 3))
                        .then(relu())
                        .then(maxPool(2))
                        .then(flatten())
                        .then(linear("hidden", 256))
                        .then(relu())
                        .then(linear("classes", 10))
                        .loss(crossEntropy());
        CompileOptions options =
                on(Mesh.of("data", 2).by("tensor", 2))
                        .shard("batch")
                        .over("data")
                        .shard("hidden")
                        .over("tensor")
                        .optimizer(adam(1e-3))
                        .batch(256);
        Compilation compilation = Nets.compile(CONVNET);
        assertThat(plan(Nets.model(compilation), Nets.options(compilation)))
                .isEqualTo(plan(fluent, options));
    }

    /// What the devices do, without the lines of whoever asked for it.
    static String plan(Model model, CompileOptions options) {
        return Compiler.compile(model, options).plan().print().replaceAll("\\w+\\.java:\\d+", "");
    }

    @Test
    void javac_finds_the_processor_by_itself() {
        List<Class<?>> found =
                ServiceLoader.load(Processor.class).stream()
                        .<Class<?>>map(ServiceLoader.Provider::type)
                        .toList();
        assertThat(found).contains(ShardedModelProcessor.class);
    }
}
