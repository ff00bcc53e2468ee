package dev.partita.compiler.processor;

import static com.google.common.truth.Truth.assertThat;
import static com.google.testing.compile.CompilationSubject.assertThat;
import static dev.partita.compiler.processor.ShardedModelProcessorTest.CONVNET;
import static dev.partita.compiler.processor.ShardedModelProcessorTest.compile;

import com.google.testing.compile.Compilation;
import org.junit.jupiter.api.Test;

/// Each error against the source of [ShardedModelProcessorTest], which compiles, with one change.
class ShardedModelErrorsTest {
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
    void experts_of_which_nobody_says_the_capacity_are_an_error_on_their_annotation() {
        String source =
                """
                package nets;

                import dev.partita.dsl.annotation.*;
                import dev.partita.dsl.layer.Layer;
                import dev.partita.dsl.layer.ModelInput;

                @ShardedModel(name = "text", batch = 2, loss = ShardedModel.Loss.MEAN_SQUARED)
                public record ConvNet(
                        @Tokens(length = 8, vocabulary = 96) ModelInput text,
                        @Embedding(16) Layer model,
                        @Experts(count = 4, hidden = 8) Layer moe) {}
                """;
        Compilation compilation = compile(source);
        assertThat(compilation)
                .hadErrorContaining("[CapacityPolicyMissing] Nothing says what becomes of tokens")
                .inFile(compilation.sourceFiles().getFirst())
                .onLine(11);
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
}
