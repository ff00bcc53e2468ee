package dev.partita.shell.notebook;

import static com.google.common.truth.Truth.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.partita.dsl.problem.ProblemException;
import java.util.List;
import org.junit.jupiter.api.Test;

final class NotebookTest {
    private static final String MARKDOWN =
            """
            # Sums

            Some prose.

            ```java
            int a = 20;
            IO.println("a is " + a);
            a + 22
            ```
            ```java varies
            System.nanoTime()
            ```

            The end.
            """;

    @Test
    void fences_of_java_are_cells_and_the_rest_is_prose() {
        assertThat(Cell.parse(MARKDOWN))
                .containsExactly(
                        new Cell.Prose("# Sums\n\nSome prose."),
                        new Cell.Code("int a = 20;\nIO.println(\"a is \" + a);\na + 22", 6, false),
                        new Cell.Code("System.nanoTime()", 11, true),
                        new Cell.Prose("The end."))
                .inOrder();
    }

    @Test
    void a_cell_shows_what_it_prints_and_its_last_value() {
        CellRun run = NotebookRunner.run(Cell.parse(MARKDOWN), "sums.md").get(1);
        assertThat(run.printed().strip()).isEqualTo("a is 20");
        assertThat(run.shown()).isEqualTo("42");
    }

    @Test
    void a_cell_that_fails_is_named_with_its_line() {
        List<Cell> cells = Cell.parse("```java\nint i = 1;\n\ni / 0\n```\n");
        var exception =
                assertThrows(ProblemException.class, () -> NotebookRunner.run(cells, "bad.md"));
        assertThat(exception).hasMessageThat().contains("/ by zero");
        assertThat(exception).hasMessageThat().contains("bad.md:4");
    }

    @Test
    void jupyter_reads_lines_and_outputs() {
        String notebook =
                JupyterNotebook.write(NotebookRunner.run(Cell.parse(MARKDOWN), "sums.md"));
        JsonObject json = JsonParser.parseString(notebook).getAsJsonObject();
        assertThat(json.get("nbformat").getAsInt()).isEqualTo(4);
        JsonArray cells = json.getAsJsonArray("cells");
        assertThat(cells).hasSize(4);
        JsonObject code = cells.get(1).getAsJsonObject();
        assertThat(code.getAsJsonArray("source").get(0).getAsString()).isEqualTo("int a = 20;\n");
        JsonArray outputs = code.getAsJsonArray("outputs");
        assertThat(outputs.get(0).getAsJsonObject().get("output_type").getAsString())
                .isEqualTo("stream");
        assertThat(outputs.get(1).toString()).contains("\"text/plain\":[\"42\"]");
    }

    @Test
    void two_runs_compare_equal_though_times_differ_and_unequal_when_a_value_does() {
        List<Cell> cells = Cell.parse(MARKDOWN);
        String one = JupyterNotebook.write(NotebookRunner.run(cells, "sums.md"));
        String two = JupyterNotebook.write(NotebookRunner.run(cells, "sums.md"));
        assertThat(one).isNotEqualTo(two);
        assertThat(JupyterNotebook.comparable(one)).isEqualTo(JupyterNotebook.comparable(two));
        assertThat(JupyterNotebook.comparable(one))
                .isNotEqualTo(JupyterNotebook.comparable(two.replace("\"42\"", "\"43\"")));
    }

    @Test
    void rounding_errors_and_speeds_do_not_count() {
        String cell =
                """
                {"cells": [{"cell_type": "code", "metadata": {}, "outputs": ["%s"]}]}
                """;
        assertThat(JupyterNotebook.comparable(cell.formatted("1.1e-07, 8,200 samples/s")))
                .isEqualTo(JupyterNotebook.comparable(cell.formatted("2.34e-08, 9.1 samples/s")));
    }
}
