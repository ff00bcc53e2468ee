package dev.partita.shell.workbench;

import static com.google.common.truth.Truth.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.shell.engine.Engine;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jline.reader.EOFError;
import org.jline.reader.Parser.ParseContext;
import org.jline.terminal.Terminal;
import org.jline.terminal.impl.DumbTerminal;
import org.jline.utils.AttributedString;
import org.jline.utils.AttributedStyle;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class WorkbenchTest {
    private static Engine engine;

    @TempDir private Path folder;

    @BeforeAll
    static void open() {
        engine = Engine.open();
    }

    @AfterAll
    static void close() {
        engine.close();
    }

    /// All that a session shows whose user types these lines and then leaves with Ctrl-D.
    private String session(String... lines) throws IOException {
        byte[] typed = (String.join("\n", lines) + "\n").getBytes(StandardCharsets.UTF_8);
        var shown = new ByteArrayOutputStream();
        try (Terminal terminal = new DumbTerminal(new ByteArrayInputStream(typed), shown)) {
            new Workbench(terminal, engine, folder.resolve("history")).hold();
        }
        return shown.toString(StandardCharsets.UTF_8).replace("\r", "");
    }

    @Test
    void a_session_evaluates_lines_and_goes_on_after_an_error() throws IOException {
        String shown = session("1 + 1", "Mesh.of(\"data\", 2).axis(\"date\")", "40 + 2");
        assertThat(shown).contains("==> 2\n");
        assertThat(shown).contains("[UnknownAxis] ");
        assertThat(shown).contains("==> 42\n");
    }

    @Test
    void a_snippet_goes_on_over_lines_until_it_is_complete() throws IOException {
        assertThat(session("int thrice(int i) {", "return 3 * i;", "}", "thrice(5)"))
                .contains("==> 15\n");
    }

    @Test
    void a_line_that_begins_with_a_call_goes_on_with_the_snippet_before() throws IOException {
        assertThat(session("var s = \"one two\";", "  .replace(\"two\", \"three\")", "s"))
                .contains("==> \"one three\"\n");
        assertThat(session("1 + 1", ".5 + 1")).contains("==> 1.5\n");
    }

    @Test
    void exit_leaves_and_the_rest_is_not_read() throws IOException {
        assertThat(session("/exit", "\"un\" + \"read\"")).doesNotContain("unread\"");
    }

    @Test
    void a_command_that_does_not_exist_is_met_with_the_near_miss() throws IOException {
        assertThat(session("/hepl")).contains("/help");
    }

    @Test
    void help_says_where_history_is_kept_and_history_is_kept_there() throws IOException {
        assertThat(session("/help", "7 + 7")).contains(folder.resolve("history").toString());
        assertThat(Files.readString(folder.resolve("history"))).contains("7 + 7");
    }

    @Test
    void a_script_is_opened_into_the_session() throws IOException {
        Path script = Files.writeString(folder.resolve("s.jsh"), "int opened = 5;\n");
        assertThat(session("/open " + script, "opened * 2")).contains("==> 10\n");
        assertThat(session("/open " + folder.resolve("none.jsh"))).contains("[DataFileMissing] ");
    }

    @Test
    void an_open_bracket_asks_for_another_line() {
        var parser = new SnippetParser(engine);
        assertThrows(EOFError.class, () -> parser.parse("f(", 2, ParseContext.ACCEPT_LINE));
        assertThat(parser.parse("Mesh.par", 8, ParseContext.COMPLETE).word()).isEqualTo("par");
    }

    @Test
    void keywords_texts_numbers_and_comments_are_coloured() {
        AttributedString text =
                new SnippetHighlighter(engine).colour("int i = 42; String s = \"a\"; // end");
        assertThat(text.toString()).isEqualTo("int i = 42; String s = \"a\"; // end");
        assertThat(text.styleAt(0))
                .isEqualTo(AttributedStyle.DEFAULT.foreground(AttributedStyle.BLUE));
        assertThat(text.styleAt(8))
                .isEqualTo(AttributedStyle.DEFAULT.foreground(AttributedStyle.CYAN));
        assertThat(text.styleAt(24))
                .isEqualTo(AttributedStyle.DEFAULT.foreground(AttributedStyle.GREEN));
        assertThat(text.styleAt(30)).isEqualTo(AttributedStyle.DEFAULT.faint());
    }

    @Test
    void a_line_is_coloured_while_it_is_typed() {
        String line =
                "var net = model(\"m\", image(\"p\", 1, 28, 28)).then(x -> { if (x) return 'c'; });";
        var highlighter = new SnippetHighlighter(engine);
        for (int length = 0; length <= line.length(); length++) {
            String typed = line.substring(0, length);
            assertThat(highlighter.colour(typed).toString()).isEqualTo(typed);
        }
    }
}
