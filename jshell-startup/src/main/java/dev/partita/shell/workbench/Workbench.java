package dev.partita.shell.workbench;

import dev.partita.shell.engine.Engine;
import dev.partita.shell.engine.Outcome;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jline.keymap.KeyMap;
import org.jline.reader.Binding;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.Reference;
import org.jline.reader.UserInterruptException;
import org.jline.terminal.Terminal;
import org.jline.terminal.Terminal.Signal;
import org.jline.terminal.TerminalBuilder;

/// The terminal session: reads snippets with history, completion and highlighting, and shows what
/// comes of them.
///
/// Ctrl-C ends what runs and keeps the session; Ctrl-D leaves.
public final class Workbench {
    private static final String PROMPT = "partita> ";
    private static final String MORE = "     ... ";
    private static final String NEW_LINE = "new-line";
    private static final String ALT_ENTER = "\u001b\r";

    private final Terminal terminal;
    private final Engine engine;
    private final LineReader reader;
    private final Commands commands;

    Workbench(Terminal terminal, Engine engine, Path history) {
        this.terminal = terminal;
        this.engine = engine;
        reader =
                LineReaderBuilder.builder()
                        .terminal(terminal)
                        .appName("partita")
                        .parser(new SnippetParser(engine))
                        .completer(new SnippetCompleter(engine))
                        .highlighter(new SnippetHighlighter(engine))
                        .variable(LineReader.HISTORY_FILE, history)
                        .variable(LineReader.SECONDARY_PROMPT_PATTERN, MORE)
                        .option(LineReader.Option.DISABLE_EVENT_EXPANSION, true)
                        .build();
        bindNewLine(reader);
        commands = new Commands(engine, terminal.writer(), history);
    }

    /// Enter ends a snippet as soon as it is complete; this key adds a line to it all the same.
    private static void bindNewLine(LineReader reader) {
        reader.getWidgets()
                .put(
                        NEW_LINE,
                        () -> {
                            reader.getBuffer().write('\n');
                            return true;
                        });
        KeyMap<Binding> keys = Objects.requireNonNull(reader.getKeyMaps().get(LineReader.MAIN));
        keys.bind(new Reference(NEW_LINE), ALT_ENTER);
    }

    /// Where the lines typed in earlier sessions are kept.
    public static Path historyFile() {
        return Path.of(System.getProperty("user.home"), ".partita", "history");
    }

    /// Holds a session on this process's terminal until the user leaves.
    public static void run() {
        CompletableFuture<Engine> opening = CompletableFuture.supplyAsync(Engine::open);
        try (Terminal terminal = TerminalBuilder.builder().system(true).build();
                Engine engine = opening.join()) {
            new Workbench(terminal, engine, historyFile()).hold();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Reads and evaluates until the user leaves.
    void hold() {
        commands.greet();
        String snippet = "";
        while (true) {
            try {
                String line = reader.readLine(PROMPT);
                if (Commands.isCommand(line)) {
                    if (!commands.run(line)) {
                        return;
                    }
                } else {
                    snippet = following(snippet, line.strip());
                    evaluate(snippet);
                }
            } catch (UserInterruptException e) {
                // Ctrl-C at the prompt drops the line.
            } catch (EndOfFileException e) {
                return;
            }
        }
    }

    /// A line that begins with a dot and a name goes on with the snippet before it, which runs
    /// again as a whole: so a chain of calls may be typed one call a line.
    private static String following(String before, String line) {
        boolean call =
                line.length() > 1
                        && line.charAt(0) == '.'
                        && Character.isJavaIdentifierStart(line.charAt(1));
        return call ? before.stripTrailing().replaceFirst(";$", "") + "\n" + line : line;
    }

    private void evaluate(String line) {
        Terminal.SignalHandler before = terminal.handle(Signal.INT, signal -> engine.interrupt());
        try {
            engine.evaluate(line, "", this::show);
        } finally {
            terminal.handle(Signal.INT, before);
        }
    }

    private void show(Outcome outcome) {
        System.out.flush();
        if (!outcome.text().isEmpty()) {
            boolean plain =
                    outcome.succeeded() || terminal.getType().startsWith(Terminal.TYPE_DUMB);
            terminal.writer().println(plain ? outcome.text() : red(outcome.text()));
        }
        terminal.flush();
    }

    private static String red(String text) {
        return "\u001b[31m" + text + "\u001b[0m";
    }
}
