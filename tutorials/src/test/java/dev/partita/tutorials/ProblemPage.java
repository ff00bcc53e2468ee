package dev.partita.tutorials;

import static com.google.common.truth.Truth.assertWithMessage;

import dev.partita.dsl.problem.ProblemCode;
import dev.partita.shell.command.PartitaCommand;
import dev.partita.shell.draw.Screen;
import dev.partita.shell.engine.Engine;
import dev.partita.shell.engine.Outcome;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The page of a ProblemCode: Markdown with code that fails, what is said about it, and code that
/// does not fail. The code is run and the message written anew.
///
/// A fence ```` ```java ```` holds snippets, ```` ```sh ```` commands; ```` ```text ```` holds what
/// the code before it says, and everything after it is the mend. Files are in `/tmp/net`.
final class ProblemPage {
    private static final String FOLDER = "/tmp/net";

    private final ProblemCode code;
    private final Engine engine;
    private final Path folder;
    private final List<String> written = new ArrayList<>();
    private String failure = "";
    private boolean isMended;

    private ProblemPage(ProblemCode code, Engine engine, Path folder) {
        this.code = code;
        this.engine = engine;
        this.folder = folder;
    }

    /// The page with the message that its code gives today.
    ///
    /// @param folder what `/tmp/net` stands for
    static String run(ProblemCode code, String page, Engine engine, Path folder)
            throws IOException, InterruptedException {
        var fresh = new ProblemPage(code, engine, folder);
        List<String> lines = page.lines().toList();
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i);
            fresh.written.add(line);
            if (!line.startsWith("```")) {
                continue;
            }
            int end = i + 1 + lines.subList(i + 1, lines.size()).indexOf("```");
            fresh.block(line, lines.subList(i + 1, end), i + 2);
            fresh.written.add("```");
            i = end;
        }
        fresh.requireSuccess();
        assertWithMessage("%s shows no mend", code).that(fresh.isMended).isTrue();
        return String.join("\n", fresh.written) + "\n";
    }

    private void block(String fence, List<String> lines, int number)
            throws IOException, InterruptedException {
        switch (fence) {
            case "```text" -> {
                assertWithMessage("%s:%s", code, number).that(failure).contains("[" + code + "] ");
                written.addAll(failure.lines().toList());
                failure = "";
                isMended = true;
            }
            case "```java" -> {
                requireSuccess();
                written.addAll(lines);
                snippets("\n".repeat(number - 1) + String.join("\n", lines));
            }
            case "```sh" -> {
                for (String line : lines) {
                    requireSuccess();
                    command(line);
                }
                written.addAll(lines);
            }
            default -> written.addAll(lines);
        }
    }

    private void requireSuccess() {
        assertWithMessage("%s", code).that(failure).isEmpty();
    }

    private void snippets(String source) {
        var outcomes = new ArrayList<Outcome>();
        PrintStream before = System.out;
        System.setOut(new PrintStream(PrintStream.nullOutputStream()));
        try {
            String placed = source.replace(FOLDER, folder.toString());
            engine.evaluate(placed, code + ".md", outcomes::add);
        } finally {
            System.setOut(before);
        }
        Outcome last = outcomes.getLast();
        if (!last.succeeded()) {
            failure = told(last.text());
        }
    }

    private void command(String line) throws IOException, InterruptedException {
        String placed = line.replace(FOLDER, folder.toString());
        if (!placed.startsWith("partita ")) {
            int exit = new ProcessBuilder("sh", "-c", placed).inheritIO().start().waitFor();
            assertWithMessage("%s", line).that(exit).isEqualTo(0);
            return;
        }
        var said = new ByteArrayOutputStream();
        var error = new PrintStream(said, true, StandardCharsets.UTF_8);
        var screen = new Screen(new PrintStream(PrintStream.nullOutputStream()), error, false);
        String[] words = placed.substring("partita ".length()).split(" +", -1);
        if (PartitaCommand.run(screen, words) != 0) {
            failure = told(said.toString(StandardCharsets.UTF_8));
        }
    }

    /// Without this class, which stands where a terminal has nothing, and with numbers of snippets
    /// and processes that are the same each time.
    private String told(String text) {
        return text.replace(folder.toString(), FOLDER)
                .replaceAll("(?m)^  at: +ProblemPage\\.java:\\d+\\n", "")
                .replaceAll(" #\\d+\\b", " #1")
                .replaceAll("\\d+\\.part\\b", "1.part")
                .strip();
    }
}
