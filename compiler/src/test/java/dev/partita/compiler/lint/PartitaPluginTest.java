package dev.partita.compiler.lint;

import static com.google.common.truth.Truth.assertThat;
import static com.google.testing.compile.CompilationSubject.assertThat;

import com.google.testing.compile.Compilation;
import com.google.testing.compile.Compiler;
import com.google.testing.compile.JavaFileObjects;
import org.junit.jupiter.api.Test;

/// In each source a mark `>` stands before every place where an error is expected.
class PartitaPluginTest {
    private static final String HEAD =
            """
            import static dev.partita.compiler.CompileOptions.*;
            import static dev.partita.dsl.layer.Layers.*;
            import dev.partita.compiler.*;
            import dev.partita.dsl.layer.*;
            import dev.partita.dsl.mesh.*;
            import dev.partita.dsl.problem.*;
            import dev.partita.dsl.tensor.*;
            import java.util.List;

            class Net {
            """;

    static Compilation compile(String options, String source) {
        return Compiler.javac()
                .withOptions("-proc:none", "-Xplugin:Partita" + options)
                .compile(JavaFileObjects.forSourceString("Net", source));
    }

    /// Compiles a class with these members; javac must say the messages at the marks, in order, and
    /// no other.
    private static void assertErrors(String members, String... messages) {
        String marked = HEAD + members.indent(4) + "}\n";
        Compilation compilation = compile("", marked.replace(">", "").replace("-~", "->"));
        assertThat(compilation).hadErrorCount(messages.length);
        int from = 0;
        for (int i = 0; i < messages.length; i++) {
            int mark = marked.indexOf('>', from);
            assertThat(mark).isAtLeast(0);
            from = mark + 1;
            String before = marked.substring(0, mark).replace(">", "");
            var error = compilation.errors().get(i);
            assertThat(error.getMessage(null).replace("\n  ", "\n").strip())
                    .startsWith(messages[i]);
            assertThat(error.getLineNumber())
                    .isEqualTo(before.chars().filter(c -> c == '\n').count() + 1);
            assertThat(error.getColumnNumber())
                    .isEqualTo(before.length() - before.lastIndexOf('\n'));
        }
    }

    @Test
    void an_argument_that_a_word_does_not_take_is_marked() {
        assertErrors(
                "Layer drop = dropout(>1.5);",
                """
                [InvalidArgument] The rate of dropout must be at least 0 and below 1.
                  rate: 1.5
                  try:  give dropout a rate of at least 0 and below 1
                  see:  tutorials/problems/InvalidArgument.md\
                """);
    }

    @Test
    void of_several_arguments_the_one_the_problem_speaks_of_is_marked() {
        assertErrors(
                "Object net = model(\"net\", image(\"pixels\", 1, 28, 28)).then(conv2d(\"c\", 8, 3, >0, 2));",
                "[InvalidArgument]");
    }

    @Test
    void a_layer_that_does_not_fit_is_marked_at_the_call_that_adds_it() {
        assertErrors(
                """
                Model net = model("net", image("pixels", 1, 28, 28))
                        .then(relu())
                        .then(linear(>"classes", 10))
                        .loss(crossEntropy());
                """,
                "[ShapeMismatch] A linear layer takes rows, not images.");
    }

    @Test
    void an_axis_the_mesh_lacks_is_marked_in_its_own_line() {
        assertErrors(
                """
                static final Mesh MESH = Mesh.of("data", 2).by("tensor", 2);
                CompileOptions options = on(MESH)
                        .shard("batch").over("data")
                        .shard("hidden").over("data", >"tensr");
                """,
                "[UnknownAxis] The mesh has no axis \"tensr\".");
    }

    @Test
    void what_only_the_compiler_knows_is_marked_where_it_was_asked_for() {
        assertErrors(
                """
                Compilation plan() {
                    var net = model("net", features("x", 8))
                            .then(linear("hidden", 9)).then(linear("y", 2)).loss(meanSquared());
                    var mesh = Mesh.of("data", 2).by("tensor", 2);
                    return Compiler.compile(net, on(mesh)
                            .shard("batch").over("data")
                            .shard(>"hidden").over("tensor")
                            .batch(8));
                }
                Compilation typo() {
                    return Compiler.compile(
                            model("net", features("x", 8)).then(linear("y", 2)).loss(meanSquared()),
                            on(Mesh.of("data", 2)).shard(>"bach").over("data"));
                }
                Compilation odd() {
                    return Compiler.compile(
                            model("net", features("x", 8)).then(linear("y", 2)).loss(meanSquared()),
                            on(Mesh.of("data", 2)).batch(12).microBatches(>5));
                }
                """,
                "[IndivisibleDim] Dim hidden does not divide over tensor.",
                "[UnknownDim] No tensor of the model has a dim \"bach\".",
                "[IndivisibleDim] The batch does not divide into so many micro-batches.");
    }

    @Test
    void every_mistake_of_a_chain_is_an_error_of_its_own() {
        assertErrors(
                """
                Model net = model("net", features("x", 8))
                        .then(linear("hidden", >-4))
                        .then(dropout(>2))
                        .then(linear(>"a b", 2));
                """,
                "[InvalidArgument] The size of hidden must be at least 1.",
                "[InvalidArgument] The rate of dropout",
                "[InvalidArgument] A name must start with a letter");
    }

    @Test
    void arithmetic_of_constants_is_constant() {
        assertErrors(
                """
                static final int HEADS = 6;
                static final long WIDTH = 4 * (HEADS - 1);
                Model net() {
                    final String name = "mix" + HEADS;
                    return model("net", tokens("text", 8, 96)).then(embedding("model", WIDTH)).then(attention(name, >HEADS));
                }
                """,
                "[IndivisibleDim]");
    }

    @Test
    void what_is_not_constant_is_never_an_error() {
        assertErrors(
                """
                static long width = -1;
                double rate = 5;
                Model net(int size, Mesh mesh) {
                    int changing = 3;
                    changing -= 4;
                    on(mesh).zero(size).over("nowhere");
                    List.of(dropout(rate), linear("b", changing), linear("c", width));
                    for (int i = -3; i < 1; i++) {
                        linear("d", i);
                    }
                    return model("net", features("x", size)).then(linear("x", 2)).then(linear("x", 3));
                }
                """);
    }

    @Test
    void a_problem_that_is_counted_with_is_no_error() {
        assertErrors(
                """
                void caught() {
                    try {
                        dropout(2);
                    } catch (IllegalStateException | ProblemException e) {
                        throw e;
                    }
                    assertThrows(ProblemException.class, () -~ dropout(3));
                }
                @SuppressWarnings("partita")
                void suppressed() {
                    dropout(4);
                }
                void bad() {
                    try {
                        dropout(>5);
                    } catch (IllegalStateException e) {
                        dropout(>6);
                    }
                }
                static void assertThrows(Object type, Runnable run) {}
                """,
                "[InvalidArgument]",
                "[InvalidArgument]");
    }

    @Test
    void a_source_with_other_errors_is_checked_as_far_as_javac_understands_it() {
        Compilation compilation =
                compile("", HEAD + "Layer a = dropout(7); Layer b = dropuot(1); }");
        assertThat(compilation).hadErrorContaining("cannot find symbol");
    }

    @Test
    void what_cannot_be_seen_is_noted_when_asked_for() {
        String source =
                HEAD
                        + """
                        Layer layer(long size) {
                            return linear("hidden", size);
                        }
                        Mesh mesh = Mesh.of("data", 2);
                        }
                        """;
        assertThat(compile("", source).notes()).isEmpty();
        Compilation explained = compile(" explain", source);
        assertThat(explained).succeeded();
        assertThat(explained.notes()).hasSize(1);
        assertThat(explained)
                .hadNoteContaining(
                        "Partita checks this when it runs, and not here: it is not a constant.")
                .inFile(explained.sourceFiles().getFirst())
                .onLine(12)
                .atColumn(29);
    }
}
