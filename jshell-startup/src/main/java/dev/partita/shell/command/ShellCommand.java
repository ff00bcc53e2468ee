package dev.partita.shell.command;

import dev.partita.shell.draw.Screen;
import dev.partita.shell.engine.Engine;
import dev.partita.shell.workbench.Script;
import dev.partita.shell.workbench.Workbench;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// `partita shell`: the workbench, or scripts by file or pipe.
@Command(
        name = "shell",
        description = {
            "The workbench: Java with the words of Partita, line by line.",
            "With files, runs them in order; with input from a pipe, runs that. Either ends at the first snippet"
                    + " that fails, with exit code 1."
        })
final class ShellCommand implements Callable<Integer> {
    private static final int SNIPPET_FAILED = 1;

    @Parameters(paramLabel = "FILE.jsh", description = "Scripts to run instead of a session.")
    private List<Path> files = List.of();

    private final Screen screen;

    ShellCommand(Screen screen) {
        this.screen = screen;
    }

    @Override
    public Integer call() throws IOException {
        if (files.isEmpty() && screen.terminal()) {
            Workbench.run();
            return 0;
        }
        try (Engine engine = Engine.open()) {
            var script = new Script(engine, screen.out(), screen.err());
            for (Map.Entry<String, String> each : sources().entrySet()) {
                if (!script.run(each.getValue(), each.getKey())) {
                    return SNIPPET_FAILED;
                }
            }
            return 0;
        }
    }

    /// Name and text of every script; all are read before the first runs.
    private Map<String, String> sources() throws IOException {
        var sources = new LinkedHashMap<String, String>();
        for (Path file : files) {
            sources.put(file.toString(), Script.read(file));
        }
        if (files.isEmpty()) {
            sources.put("stdin", new String(System.in.readAllBytes(), StandardCharsets.UTF_8));
        }
        return sources;
    }
}
