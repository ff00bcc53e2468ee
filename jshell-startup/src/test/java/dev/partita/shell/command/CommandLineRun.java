package dev.partita.shell.command;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.partita.shell.draw.Screen;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// What one command did: its exit code and all it wrote.
record CommandLineRun(int exit, String out, String err) {
    static CommandLineRun of(String... arguments) {
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        var screen =
                new Screen(
                        new PrintStream(out, true, StandardCharsets.UTF_8),
                        new PrintStream(err, true, StandardCharsets.UTF_8),
                        false);
        int exit = PartitaCommand.run(screen, arguments);
        return new CommandLineRun(
                exit, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    /// A command line as one would type it, and the file its `--json` names.
    static CommandLineRun of(String line, Path json) {
        var arguments = new ArrayList<>(List.of(line.split(" ", -1)));
        arguments.addAll(List.of("--json", json.toString()));
        return of(arguments.toArray(String[]::new));
    }

    static JsonObject read(Path json) throws IOException {
        return JsonParser.parseString(Files.readString(json)).getAsJsonObject();
    }
}
