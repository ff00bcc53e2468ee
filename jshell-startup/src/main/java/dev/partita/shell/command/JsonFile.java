package dev.partita.shell.command;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/// A result file that is there whole or not at all: it is written beside its place and then
/// renamed.
final class JsonFile {
    private static final Gson GSON =
            new GsonBuilder()
                    .setPrettyPrinting()
                    .disableHtmlEscaping()
                    .serializeSpecialFloatingPointValues()
                    .create();

    private final Path place;

    private JsonFile(Path place) {
        this.place = place;
    }

    /// A file that can be written, which is found out before the work that fills it.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `OutputNotWritten`
    static JsonFile at(Path place) {
        var file = new JsonFile(place.toAbsolutePath());
        try {
            if (Files.isDirectory(place)) {
                throw new IOException("it is a folder");
            }
            Files.writeString(file.draft(), "");
            Files.delete(file.draft());
        } catch (IOException e) {
            throw file.notWritten(e);
        }
        return file;
    }

    static String text(Object result) {
        return GSON.toJson(result);
    }

    /// Writes a record as JSON.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `OutputNotWritten`
    void write(Object result) {
        writeText(text(result) + "\n");
    }

    /// Writes any text.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `OutputNotWritten`
    void writeText(String text) {
        try {
            Files.writeString(draft(), text);
            Files.move(
                    draft(),
                    place,
                    StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw notWritten(e);
        }
    }

    private Path draft() {
        return place.resolveSibling(
                place.getFileName() + "." + ProcessHandle.current().pid() + ".part");
    }

    private RuntimeException notWritten(IOException e) {
        return Problem.of(
                        ProblemCode.OUTPUT_NOT_WRITTEN,
                        "The result cannot be written to " + place + ".")
                .fact("reason", e)
                .fix("a file in a folder that exists and can be written")
                .exception(e);
    }
}
