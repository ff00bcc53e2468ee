package dev.partita.shell.workbench;

import dev.partita.dsl.problem.NearMiss;
import dev.partita.dsl.problem.ProblemException;
import dev.partita.shell.engine.Engine;
import dev.partita.shell.engine.FailureText;
import dev.partita.shell.engine.Outcome;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;

/// The few things a session understands besides Java; each starts with a slash.
record Commands(Engine engine, PrintWriter out, Path history) {
    private static final List<String> NAMES = List.of("/help", "/list", "/open", "/exit");

    static boolean isCommand(String line) {
        String first = line.strip();
        return first.startsWith("/") && !first.startsWith("//") && !first.startsWith("/*");
    }

    void greet() {
        out.println(
                "Partita on JDK "
                        + Runtime.version().feature()
                        + ", "
                        + Runtime.getRuntime().availableProcessors()
                        + " cores. /help says what can be done, Ctrl-D leaves.");
        out.flush();
    }

    /// Returns false when the user wants to leave.
    boolean run(String line) {
        String[] words = line.strip().split("\\s+", 2);
        switch (words[0]) {
            case "/help" -> help();
            case "/list" -> engine.numbered().forEach(this::list);
            case "/open" -> open(words.length == 2 ? words[1] : "");
            case "/exit" -> {
                return false;
            }
            default ->
                    out.println(
                            "There is no "
                                    + words[0]
                                    + "; try "
                                    + NearMiss.fix(words[0], NAMES, "command"));
        }
        out.flush();
        return true;
    }

    private void list(int number, String source) {
        out.println(
                "#"
                        + number
                        + "  "
                        + source.replace("\n", "\n" + " ".repeat(("#" + number).length() + 2)));
    }

    private void open(String file) {
        try {
            engine.evaluate(Script.read(Path.of(file)), file, this::show);
        } catch (ProblemException e) {
            out.println(FailureText.of(e, UnaryOperator.identity()));
        }
    }

    private void show(Outcome outcome) {
        if (!outcome.text().isEmpty()) {
            out.println(outcome.text());
        }
    }

    private void help() {
        out.println(
                """
                Type Java. The words of Partita are imported: model(...), linear(...), Mesh, Compiler and the rest.

                  net                shows a value whole; a declaration shows one line of it
                  Tab                completes; at an opening bracket it shows what a call takes
                  Alt-Enter          a new line inside a snippet
                  Ctrl-C             ends what runs and keeps the session
                  Ctrl-D, /exit      leaves
                  /list              what was evaluated, under the numbers that messages and plans name: #12
                  /open FILE         evaluates a script

                Lines typed earlier are kept in %s.
                """
                        .formatted(history));
    }
}
