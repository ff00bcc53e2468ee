package dev.partita.shell.engine;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.Truth.assertWithMessage;

import dev.partita.dsl.mesh.Mesh;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

final class EngineTest {
    private static Engine engine;

    /// Counted down by snippets that are to be interrupted, so that no test needs to guess when
    /// they run.
    public static CountDownLatch running = new CountDownLatch(1);

    @BeforeAll
    static void open() {
        engine = Engine.open();
    }

    @AfterAll
    static void close() {
        engine.close();
    }

    private static Outcome only(String source) {
        List<Outcome> outcomes = engine.evaluate(source);
        assertWithMessage(source).that(outcomes).hasSize(1);
        return outcomes.getFirst();
    }

    @Test
    void an_expression_shows_its_value_and_a_name_for_it() {
        Outcome outcome = only("6 * 7");
        assertThat(outcome).isInstanceOf(Outcome.Done.class);
        assertThat(outcome.text()).matches("\\$\\d+ ==> 42");
        assertThat(((Outcome.Done) outcome).value()).isEqualTo(42);
    }

    @Test
    void the_words_of_partita_are_there_without_an_import() {
        assertThat(only("Mesh.of(\"data\", 2).by(\"tensor\", 4)").text())
                .endsWith("==> mesh[data=2, tensor=4]");
        assertThat(
                        only("var net = model(\"net\", features(\"x\", 4)).then(linear(\"h\", 3))")
                                .text())
                .startsWith("net ==> model net");
    }

    @Test
    void where_an_annotation_has_the_same_name_the_word_is_meant() {
        assertThat(only("Precision.BF16").text()).contains("bf16");
        assertThat(only("Recompute.full()").succeeded()).isTrue();
        assertThat(only("Embedding table = embedding(\"model\", 8)").succeeded()).isTrue();
    }

    @Test
    void a_value_of_this_process_is_the_same_object_outside() {
        Outcome outcome = only("Mesh.parse(\"data=2\")");
        assertThat(((Outcome.Done) outcome).value()).isEqualTo(Mesh.of("data", 2));
    }

    @Test
    void a_value_that_prints_itself_is_shown_whole_by_an_expression_and_briefly_by_a_declaration() {
        String declared =
                only("var small = model(\"small\", features(\"x\", 4)).then(linear(\"h\", 3))")
                        .text();
        assertThat(declared.lines().count()).isEqualTo(1);
        assertThat(only("small").text()).contains("f32[batch=1, h=3]");
    }

    @Test
    void a_text_of_several_lines_is_shown_as_it_is() {
        assertThat(only("\"a\\nb\\n\"").text()).endsWith(" ==>\na\nb");
    }

    @Test
    void a_snippet_that_does_not_compile_is_marked_at_the_place() {
        Outcome outcome = only("int width = heigth(3);");
        assertThat(outcome).isInstanceOf(Outcome.Rejected.class);
        assertThat(outcome.text())
                .isEqualTo(
                        """
                        Error: cannot find symbol
                            symbol:   method heigth(int)
                          | int width = heigth(3);
                          |             ^----^\
                        """);
    }

    @Test
    void a_problem_is_shown_as_it_prints_with_the_number_of_its_snippet() {
        only("var two = Mesh.of(\"data\", 2)");
        Outcome outcome = only("two.axis(\"date\")");
        assertThat(outcome).isInstanceOf(Outcome.Failed.class);
        assertThat(outcome.text()).startsWith("[UnknownAxis] The mesh has no axis \"date\".\n");
        assertThat(outcome.text()).containsMatch("at: +#\\d+\n");
        int number = Integer.parseInt(outcome.text().replaceAll("(?s).*#(\\d+).*", "$1"));
        assertThat(engine.numbered().get(number)).isEqualTo(outcome.source());
    }

    @Test
    void a_problem_of_constants_is_shown_once_before_the_snippet_runs_and_marked_at_its_word() {
        String source =
                """
                var wrong = on(Mesh.of("data", 2).by("tensor", 2))
                        .shard("hidden").over("tensr");\
                """;
        Outcome outcome = only(source);
        assertThat(outcome).isInstanceOf(Outcome.Rejected.class);
        assertThat(outcome.text())
                .isEqualTo(
                        """
                        [UnknownAxis] The mesh has no axis "tensr".
                          mesh: mesh[data=2, tensor=2]
                          try:  axis "tensor" (there is data, tensor)
                          see:  tutorials/problems/UnknownAxis.md
                          |         .shard("hidden").over("tensr");
                          |                               ^-----^\
                        """);
        var outcomes = new ArrayList<Outcome>();
        engine.evaluate("\n" + source, "wrong.jsh", outcomes::add);
        assertThat(outcomes.getLast().text()).contains("\n  at wrong.jsh:3:\n  |         .shard");
    }

    @Test
    void a_problem_of_constants_without_an_argument_is_marked_at_the_call() {
        String source =
                """
                var odd = model("net", features("x", 2)).then(relu()).then(averagePool());\
                """;
        assertThat(only(source).text())
                .endsWith(
                        """
                          | var odd = model("net", features("x", 2)).then(relu()).then(averagePool());
                          |                                                            ^---------^\
                        """);
    }

    @Test
    void an_exception_is_shown_in_two_lines_and_no_stack_trace() {
        assertThat(only("List.of().getFirst()").text())
                .matches("\\[NoSuchElementException]\n  at: #\\d+");
        assertThat(only("1 / 0").text()).matches("\\[ArithmeticException] / by zero\n  at: #\\d+");
    }

    @Test
    void a_script_ends_at_the_first_failure_and_says_where_it_stands() {
        var outcomes = new ArrayList<Outcome>();
        String script =
                """
                // two good lines and a bad one
                int a = 1;

                Mesh.of("data", a + 1)
                  .axis("tensor")
                int never = 2;
                """;
        assertThat(engine.evaluate(script, "mesh.jsh", outcomes::add)).isFalse();
        assertThat(outcomes).hasSize(2);
        assertThat(outcomes.getLast().text()).contains("mesh.jsh:4");
    }

    @Test
    void a_variable_that_is_declared_anew_stands_where_it_is_declared_last() {
        var outcomes = new ArrayList<Outcome>();
        String script =
                """
                var anew = Mesh.of("data", 2)
                int size = anew.devices()
                var anew = Mesh.of("tensor", size).axis("data")
                """;
        engine.evaluate(script, "anew.jsh", outcomes::add);
        assertThat(outcomes.getLast().text()).containsMatch("at: +anew.jsh:3\n");
    }

    @Test
    void a_script_that_does_not_compile_names_the_line_of_the_error() {
        var outcomes = new ArrayList<Outcome>();
        engine.evaluate("int b = 1;\nint c =\n  d;\n", "c.jsh", outcomes::add);
        assertThat(outcomes.getLast().text()).startsWith("Error at c.jsh:3: cannot find symbol");
    }

    @Test
    void a_line_that_begins_with_a_dot_goes_on_with_the_snippet() {
        List<Outcome> outcomes = engine.evaluate("\"abc\"\n\n  .length()\nint e = 1; int f = 2\n");
        assertThat(outcomes.stream().map(Outcome::source))
                .containsExactly("\"abc\"\n\n  .length()", "int e = 1;", "int f = 2;")
                .inOrder();
    }

    @Test
    void an_unfinished_script_is_rejected() {
        assertThat(only("int g =")).isInstanceOf(Outcome.Rejected.class);
    }

    @Test
    void a_method_may_use_what_is_declared_later() {
        assertThat(only("int twice(int i) { return 2 * once(i); }").text())
                .isEqualTo("declared twice(int), usable once these are declared: method once(int)");
        only("int once(int i) { return i; }");
        assertThat(only("twice(3)").text()).endsWith("==> 6");
    }

    @Test
    void an_endless_loop_is_interrupted_and_the_session_goes_on() throws Exception {
        assertThat(interrupted("{ running.countDown(); for (;;) {} }"))
                .isInstanceOf(Outcome.Stopped.class);
        assertThat(only("1 + 1").text()).endsWith("==> 2");
    }

    @Test
    void an_interrupt_before_a_snippet_runs_ends_it_when_it_does() {
        var outcomes = new ArrayList<Outcome>();
        boolean all =
                engine.evaluate(
                        "int before = 1;\nfor (;;) {}\nint after = 1;",
                        "",
                        outcome -> {
                            outcomes.add(outcome);
                            engine.interrupt();
                        });
        assertThat(all).isFalse();
        assertThat(outcomes).hasSize(2);
        assertThat(outcomes.getLast()).isInstanceOf(Outcome.Stopped.class);
        assertThat(only("before + 1").text()).endsWith("==> 2");
    }

    @Test
    void a_waiting_call_is_interrupted_and_the_session_goes_on() throws Exception {
        Outcome outcome = interrupted("{ running.countDown(); new CountDownLatch(1).await(); }");
        assertThat(outcome.succeeded()).isFalse();
        assertThat(only("2 + 2").text()).endsWith("==> 4");
    }

    @Test
    void a_thread_that_a_snippet_starts_outlives_an_interrupt() throws Exception {
        only("var alive = new java.util.concurrent.atomic.AtomicBoolean(true)");
        interrupted(
                """
                {
                    Thread.ofPlatform().daemon().start(() -> {
                        try {
                            new CountDownLatch(1).await();
                        } catch (InterruptedException e) {
                            alive.set(false);
                        }
                    });
                    running.countDown();
                    for (;;) {}
                }
                """);
        assertThat(only("alive").text()).isEqualTo("alive ==> true");
    }

    /// Interrupts `source` once it has called `running.countDown()`.
    private static Outcome interrupted(String source) throws InterruptedException {
        only("import java.util.concurrent.CountDownLatch;");
        Outcome declared = only("var running = new CountDownLatch(1)");
        var running = (CountDownLatch) Objects.requireNonNull(((Outcome.Done) declared).value());
        var outcomes = new ArrayList<Outcome>();
        Thread user = Thread.ofPlatform().start(() -> outcomes.addAll(engine.evaluate(source)));
        while (user.isAlive() && !running.await(10, TimeUnit.MILLISECONDS)) {
            Thread.onSpinWait();
        }
        assertWithMessage("%s", outcomes).that(running.getCount()).isEqualTo(0);
        engine.interrupt();
        user.join();
        return outcomes.getFirst();
    }

    @Test
    void completion_offers_what_fits_and_highlighting_knows_keywords() {
        Completion completion = engine.complete("Mesh.par", 8);
        assertThat(completion.anchor()).isEqualTo(5);
        assertThat(completion.words()).containsExactly("parse(");
        assertThat(engine.signatures("Mesh.parse(", 11).getFirst()).contains("String text");
        assertThat(engine.highlights("final int i = 1;").stream().map(h -> h.start())).contains(0);
    }

    @Test
    void a_snippet_with_an_open_bracket_is_not_complete() {
        assertThat(engine.isComplete("int h(int i) {")).isFalse();
        assertThat(engine.isComplete("int h(int i) { return i; }")).isTrue();
        assertThat(engine.isComplete("int i = 1")).isTrue();
    }
}
