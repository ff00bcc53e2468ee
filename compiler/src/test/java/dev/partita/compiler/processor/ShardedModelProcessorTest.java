package dev.partita.compiler.processor;

import static com.google.common.truth.Truth.assertThat;
import static com.google.testing.compile.CompilationSubject.assertThat;
import static com.google.testing.compile.Compiler.javac;
import static dev.partita.compiler.CompileOptions.on;
import static dev.partita.dsl.layer.Layers.conv2d;
import static dev.partita.dsl.layer.Layers.crossEntropy;
import static dev.partita.dsl.layer.Layers.dropout;
import static dev.partita.dsl.layer.Layers.embedding;
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
    private static final String CONVNET =
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

    private static Compilation compile(String source) {
        JavaFileObject file = JavaFileObjects.forSourceString("nets.ConvNet", source);
        return javac().withProcessors(new ShardedModelProcessor())
                .withOptions("-Xlint:all", "-Werror")
                .compile(file);
    }

    /// Compiles a source in which `from` was changed to `to`, and expects one error, at `at`.
    private static void assertError(String from, String to, String at, String expected) {
        String source = CONVNET.replace(from, to);
        assertThat(source).isNotEqualTo(CONVNET);
        Compilation compilation = compile(source);
        assertThat(compilation).hadErrorCount(1);
        String before = source.substring(0, source.indexOf(at));
        int line = (int) before.chars().filter(c -> c == '\n').count() + 1;
        int column = before.length() - before.lastIndexOf('\n');
        // javac moves the lines after the first one in by two.
        String message = expected.replace("\n", "\n  ");
        assertThat(compilation)
                .hadErrorContaining(message)
                .inFile(compilation.sourceFiles().getFirst())
                .onLine(line)
                .atColumn(column);
        assertThat(compilation.errors().getFirst().getMessage(null).strip()).isEqualTo(message);
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
                        return Mesh.ONE_DEVICE.by("data", 2).by("tensor", 2);
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
                        @LayerNorm @Gelu @Softmax Layer norm) {}
                """;
        Model fluent =
                model("text", tokens("text", 8, 96))
                        .then(embedding("model", 16))
                        .then(dropout(0.1))
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
    void a_dim_that_does_not_divide_is_an_error_on_its_size() {
        assertError(
                "@Linear(256)",
                "@Linear(255)",
                "255",
                """
                [IndivisibleDim] Dim hidden does not divide over tensor.
                  dim:       hidden=255
                  devices:   2 (mesh[data=2, tensor=2])
                  left over: 1
                  try:       make hidden 254 or 256, or shard another dim\
                """);
    }

    @Test
    void the_batch_that_does_not_divide_is_an_error_on_it() {
        assertError(
                "batch = 256",
                "batch = 255",
                "255",
                """
                [IndivisibleDim] Dim batch does not divide over data.
                  dim:       batch=255
                  devices:   2 (mesh[data=2, tensor=2])
                  left over: 1
                  try:       make batch 254 or 256, or shard another dim\
                """);
    }

    @Test
    void a_computed_dim_that_does_not_divide_is_an_error_where_it_is_sharded() {
        assertError(
                "dim = \"hidden\"",
                "dim = \"height\"",
                "\"height\"",
                """
                [IndivisibleDim] Dim height does not divide over tensor.
                  dim:       height=13
                  devices:   2 (mesh[data=2, tensor=2])
                  left over: 1
                  try:       make height 12 or 14, or shard another dim\
                """);
    }

    @Test
    void an_unknown_axis_is_an_error_where_it_is_named() {
        assertError(
                "over = \"tensor\"",
                "over = \"tensr\"",
                "\"tensr\"",
                """
                [UnknownAxis] The mesh has no axis "tensr".
                  mesh: mesh[data=2, tensor=2]
                  try:  axis "tensor" (there is data, tensor)\
                """);
    }

    @Test
    void an_unknown_dim_is_an_error_where_it_is_named() {
        assertError(
                "dim = \"hidden\"",
                "dim = \"hiden\"",
                "\"hiden\"",
                """
                [UnknownDim] No tensor of the model has a dim "hiden".
                  try: dim "hidden" (there is batch, height, width, channel, c1, kernel-height, \
                kernel-width, c2, flat, hidden, classes)\
                """);
    }

    @Test
    void a_layer_that_does_not_fit_is_an_error_on_its_annotation() {
        assertError(
                "@Flatten @Linear(256)",
                "@Linear(256)",
                "@Linear(256)",
                """
                [ShapeMismatch] A linear layer takes rows, not images.
                  layer:      hidden
                  it follows: f32[batch=1, height=5, width=5, c2=64]
                  try:        put .then(flatten()) before it\
                """);
    }

    @Test
    void an_impossible_axis_is_an_error_on_its_annotation() {
        assertError(
                "@MeshAxis(name = \"tensor\", size = 2)",
                "@MeshAxis(name = \"data\", size = 3)",
                "@MeshAxis(name = \"data\", size = 3)",
                """
                [DuplicateName] The mesh has two axes of the same name.
                  axis: data
                  try:  name every axis once\
                """);
    }

    @Test
    void a_component_without_a_word_is_an_error_on_it() {
        assertError(
                "@Linear(10) Layer classes",
                "Layer classes",
                "classes)",
                """
                [IncompleteModel] A component of a sharded model is a layer or the input.
                  component: classes
                  try:       annotate it, for example with @Linear(10)\
                """);
    }

    @Test
    void a_model_without_input_is_an_error_on_its_annotation() {
        assertError(
                "@Image(channels = 1, height = 28, width = 28) ModelInput",
                "@Relu Layer",
                "@ShardedModel",
                """
                [IncompleteModel] A sharded model begins with its input.
                  try: annotate the first component with @Image, @Features or @Tokens\
                """);
    }

    @Test
    void a_second_input_is_an_error_on_its_annotation() {
        assertError(
                "@Linear(10)",
                "@Features(10)",
                "@Features(10)",
                """
                [DuplicateName] A sharded model has one input, its first component.
                  another: classes
                  try:     make it a layer, for example @Linear(10)\
                """);
    }

    @Test
    void a_model_that_is_no_record_is_an_error_on_its_annotation() {
        String source =
                """
                package nets;

                import dev.partita.dsl.annotation.ShardedModel;

                @ShardedModel(name = "net", batch = 1, loss = ShardedModel.Loss.MEAN_SQUARED)
                interface ConvNet {}
                """;
        Compilation compilation = compile(source);
        assertThat(compilation).hadErrorCount(1);
        assertThat(compilation)
                .hadErrorContaining("A sharded model is a record.")
                .inFile(compilation.sourceFiles().getFirst())
                .onLine(5)
                .atColumn(1);
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
