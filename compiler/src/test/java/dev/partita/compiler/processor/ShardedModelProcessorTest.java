package dev.partita.compiler.processor;

import static com.google.common.truth.Truth.assertThat;
import static com.google.testing.compile.CompilationSubject.assertThat;
import static com.google.testing.compile.Compiler.javac;
import static dev.partita.compiler.CompileOptions.on;
import static dev.partita.dsl.layer.Layers.batchNorm;
import static dev.partita.dsl.layer.Layers.conv2d;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.dropout;
import static dev.partita.dsl.layer.Layers.embedding;
import static dev.partita.dsl.layer.Layers.experts;
import static dev.partita.dsl.layer.Layers.flatten;
import static dev.partita.dsl.layer.Layers.gelu;
import static dev.partita.dsl.layer.Layers.image;
import static dev.partita.dsl.layer.Layers.layerNorm;
import static dev.partita.dsl.layer.Layers.linear;
import static dev.partita.dsl.layer.Layers.maxPool;
import static dev.partita.dsl.layer.Layers.meanSquared;
import static dev.partita.dsl.layer.Layers.model;
import static dev.partita.dsl.layer.Layers.relu;
import static dev.partita.dsl.layer.Layers.softmax;
import static dev.partita.dsl.layer.Layers.tokens;

import com.google.testing.compile.Compilation;
import com.google.testing.compile.JavaFileObjects;
import dev.partita.compiler.CompileOptions;
import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.tensor.Dtype;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.ServiceLoader;
import javax.annotation.processing.Processor;
import javax.tools.JavaFileObject;
import org.junit.jupiter.api.Test;

class ShardedModelProcessorTest {
    static final String CONVNET =
            """
            package nets;

            import dev.partita.dsl.annotation.*;
            import dev.partita.dsl.layer.Layer;
            import dev.partita.dsl.layer.ModelInput;

            @ShardedModel(
                    name = "convnet",
                    batch = 256,
                    loss = ShardedModel.Loss.CROSS_ENTROPY,
                    mesh = {@MeshAxis(name = "data", size = 2), @MeshAxis(name = "tensor", size = 2)},
                    shard = {
                        @ShardDim(dim = "batch", over = "data"),
                        @ShardDim(dim = "hidden", over = "tensor")
                    })
            public record ConvNet(
                    @Image(channels = 1, height = 28, width = 28) ModelInput pixels,
                    @Conv2d(channels = 32, kernel = 3) @Relu @MaxPool(2) Layer c1,
                    @Conv2d(channels = 64, kernel = 3) @Relu @MaxPool(2) Layer c2,
                    @Flatten @Linear(256) @Relu Layer hidden,
                    @Linear(10) Layer classes) {}
            """;

    static Compilation compile(String source) {
        JavaFileObject file = JavaFileObjects.forSourceString("nets.ConvNet", source);
        return javac().withProcessors(new ShardedModelProcessor())
                .withOptions("-Xlint:all", "-Werror")
                .compile(file);
    }

    private static Object call(Compilation compilation, String method)
            throws ReflectiveOperationException {
        var loader =
                new ClassLoader(ShardedModelProcessorTest.class.getClassLoader()) {
                    @Override
                    protected Class<?> findClass(String name) throws ClassNotFoundException {
                        JavaFileObject file =
                                compilation.generatedFiles().stream()
                                        .filter(f -> f.getKind() == JavaFileObject.Kind.CLASS)
                                        .filter(f ->
                                                f.getName()
                                                        .endsWith(
                                                                name.replace('.', '/') + ".class"))
                                        .findFirst()
                                        .orElseThrow(() -> new ClassNotFoundException(name));
                        try (InputStream bytes = file.openInputStream()) {
                            byte[] content = bytes.readAllBytes();
                            return defineClass(name, content, 0, content.length);
                        } catch (IOException e) {
                            throw new ClassNotFoundException(name, e);
                        }
                    }
                };
        return loader.loadClass("nets.ConvNetModel").getMethod(method).invoke(null);
    }

    private static String printed(Graph graph) {
        return graph.print().replaceAll("\\w+\\.java:\\d+", "");
    }

    @Test
    void the_generated_class_says_the_words_that_a_person_would() {
        String expected =
                """
                package nets;

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
                        return Layers.model("convnet", Layers.image("pixels", 1, 28, 28))
                                .then(Layers.conv2d("c1", 32, 3, 1, 0))
                                .then(Layers.relu())
                                .then(Layers.maxPool(2))
                                .then(Layers.conv2d("c2", 64, 3, 1, 0))
                                .then(Layers.relu())
                                .then(Layers.maxPool(2))
                                .then(Layers.flatten())
                                .then(Layers.linear("hidden", 256))
                                .then(Layers.relu())
                                .then(Layers.linear("classes", 10))
                                .loss(Layers.crossEntropy());
                    }

                    public static Mesh mesh() {
                        return Mesh.ONE_DEVICE
                                .by("data", 2)
                                .by("tensor", 2);
                    }

                    public static CompileOptions options() {
                        return CompileOptions.on(mesh())
                                .shard("batch").over("data")
                                .shard("hidden").over("tensor")
                                .batch(256);
                    }
                }
                """;
        Compilation compilation = compile(CONVNET);
        assertThat(compilation).succeededWithoutWarnings();
        assertThat(compilation)
                .generatedSourceFile("nets.ConvNetModel")
                .contentsAsUtf8String()
                .isEqualTo(expected);
    }

    @Test
    void the_annotated_model_is_the_fluent_one() throws ReflectiveOperationException {
        Compilation compilation = compile(CONVNET);
        Model fluent =
                model("convnet", image("pixels", 1, 28, 28))
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
        Mesh mesh = Mesh.of("data", 2).by("tensor", 2);
        CompileOptions options =
                on(mesh).shard("batch").over("data").shard("hidden").over("tensor").batch(256);

        Model made = (Model) call(compilation, "model");
        CompileOptions madeOptions = (CompileOptions) call(compilation, "options");
        assertThat(printed(made.trace(256, Dtype.F32, true)))
                .isEqualTo(printed(fluent.trace(256, Dtype.F32, true)));
        assertThat(call(compilation, "mesh")).isEqualTo(mesh);
        assertThat(madeOptions.shards().toString()).isEqualTo(options.shards().toString());
        assertThat(madeOptions.batch()).isEqualTo(256);
    }

    @Test
    void every_other_annotation_is_its_word_too() throws ReflectiveOperationException {
        String source =
                """
                package nets;

                import dev.partita.dsl.annotation.*;
                import dev.partita.dsl.layer.Layer;
                import dev.partita.dsl.layer.ModelInput;

                @ShardedModel(name = "text", batch = 2, loss = ShardedModel.Loss.MEAN_SQUARED)
                public record ConvNet(
                        @Tokens(length = 8, vocabulary = 96) ModelInput text,
                        @Embedding(16) @Dropout(0.1) Layer model,
                        @Experts(count = 4, hidden = 8, topK = 1, capacity = 1.5) Layer moe,
                        @Experts(count = 2, hidden = 8, auxiliary = 0, dropless = true, swiGlu = true) Layer more,
                        @BatchNorm Layer whole,
                        @BatchNorm(local = 2) Layer each,
                        @LayerNorm @Gelu @Softmax Layer norm) {}
                """;
        Model fluent =
                model("text", tokens("text", 8, 96))
                        .then(embedding("model", 16))
                        .then(dropout(0.1))
                        .then(experts("moe", 4, 8).topK(1).capacity(1.5))
                        .then(experts("more", 2, 8).auxiliary(0).dropless().swiGlu())
                        .then(batchNorm("whole"))
                        .then(batchNorm("each").local(2))
                        .then(layerNorm("norm"))
                        .then(gelu())
                        .then(softmax())
                        .loss(meanSquared());
        Compilation compilation = compile(source);
        Model made = (Model) call(compilation, "model");
        assertThat(printed(made.trace(2, Dtype.F32, true)))
                .isEqualTo(printed(fluent.trace(2, Dtype.F32, true)));
        assertThat(call(compilation, "mesh")).isEqualTo(Mesh.ONE_DEVICE);
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
