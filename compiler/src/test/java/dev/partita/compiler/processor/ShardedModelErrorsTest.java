package dev.partita.compiler.processor;

import static com.google.common.truth.Truth.assertThat;
import static com.google.testing.compile.CompilationSubject.assertThat;
import static dev.partita.compiler.processor.Nets.CONVNET;

import com.google.testing.compile.Compilation;
import org.junit.jupiter.api.Test;

/// Each error against [Nets#CONVNET], which compiles, with one change.
class ShardedModelErrorsTest {
    /// Compiles a source in which `from` was changed to `to`, and expects one error, at `at`.
    private static void assertError(String from, String to, String at, String expected) {
        String source = CONVNET.replace(from, to);
        assertThat(source).isNotEqualTo(CONVNET);
        Compilation compilation = Nets.compile(source);
        assertThat(compilation).hadErrorCount(1);
        String whole = Nets.source(source);
        String before = whole.substring(0, whole.indexOf(at, whole.indexOf("@ShardedModel")));
        int line = (int) before.chars().filter(c -> c == '\n').count() + 1;
        int column = before.length() - before.lastIndexOf('\n');
        // javac moves the lines after the first one in by two.
        String message = (expected + page(expected)).replace("\n", "\n  ");
        assertThat(compilation)
                .hadErrorContaining(message)
                .inFile(compilation.sourceFiles().getFirst())
                .onLine(line)
                .atColumn(column);
        assertThat(compilation.errors().getFirst().getMessage(null).strip()).isEqualTo(message);
    }

    /// The line that every message ends with, in the column of its other facts.
    private static String page(String expected) {
        return expected.replaceAll(
                "(?s)\\[(\\w+)].*\\n  try:( +).*", "\n  see:$2tutorials/problems/$1.md");
    }

    @Test
    void a_dim_that_does_not_divide_is_an_error_on_its_size() {
        assertError(
                "@Linear(256)",
                "@Linear(255)",
                "255",
                """
                [IndivisibleDim] Dim hidden does not divide over tensor.
                  dim:                          hidden=255
                  devices:                      2 (mesh[data=2, tensor=2])
                  left over:                    1
                  asked by:                     shard("hidden").over("tensor")
                  layer:                        hidden
                  shard("flat").over("tensor"): a device holds 18,549,180 bytes and sends 1,442,692 a step
                  without it:                   a device holds 21,813,180 bytes and sends 1,718,528 a step
                  try:                          make hidden 254 or 256, or shard another dim\
                """);
    }

    @Test
    void the_batch_that_does_not_divide_is_an_error_on_it() {
        assertError(
                "@Batch(256)",
                "@Batch(255)",
                "255",
                """
                [IndivisibleDim] Dim batch does not divide over data.
                  dim:        batch=255
                  devices:    2 (mesh[data=2, tensor=2])
                  left over:  1
                  asked by:   shard("batch").over("data")
                  without it: a device holds 33,360,068 bytes and sends 1,642,212 a step
                  try:        make batch 254 or 256, or shard another dim\
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
                  dim:                        height=13
                  devices:                    2 (mesh[data=2, tensor=2])
                  left over:                  1
                  asked by:                   shard("height").over("tensor")
                  layer:                      max-pool1
                  shard("c1").over("tensor"): a device holds 16,148,928 bytes and sends 5,652,408 a step
                  without it:                 a device holds 21,838,784 bytes and sends 1,724,972 a step
                  try:                        make height 12 or 14, or shard another dim\
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
                  asked by: shard("hiden").over("tensor")
                  try:      dim "hidden" (there is batch, height, width, channel, c1, kernel-height, \
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
                @ShardedModel
                @Batch(2)
                @MeanSquared
                public record ConvNet(
                        @Tokens(length = 8, vocabulary = 96) ModelInput text,
                        @Embedding(16) Layer model,
                        @Experts(count = 4, hidden = 8) Layer moe) {}
                """;
        Compilation compilation = Nets.compile(source);
        assertThat(compilation)
                .hadErrorContaining("[CapacityPolicyMissing] Nothing says what becomes of tokens")
                .inFile(compilation.sourceFiles().getFirst())
                .onLine(14);
    }

    @Test
    void an_impossible_axis_is_an_error_on_its_annotation() {
        assertError(
                "@MeshAxis(name = \"tensor\", size = 2)",
                "@MeshAxis(name = \"data\", size = 3)",
                "\"data\", size = 3",
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
                @ShardedModel
                interface ConvNet {}
                """;
        Compilation compilation = Nets.compile(source);
        assertThat(compilation).hadErrorCount(1);
        assertThat(compilation)
                .hadErrorContaining("A sharded model is a record.")
                .inFile(compilation.sourceFiles().getFirst())
                .onLine(8)
                .atColumn(1);
    }
}
