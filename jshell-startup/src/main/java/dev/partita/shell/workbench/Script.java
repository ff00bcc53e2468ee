package dev.partita.shell.workbench;

import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.shell.engine.Engine;
import dev.partita.shell.engine.Outcome;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/// Runs snippets without a terminal: values go to one stream, what went wrong to the other.
public record Script(Engine engine, PrintStream out, PrintStream err) {
    /// Evaluates `source` up to the first snippet that fails.
    ///
    /// @param name of the file, or of the pipe, that messages point into
    /// @return whether every snippet succeeded
    public boolean run(String source, String name) {
        return engine.evaluate(source, name, this::show);
    }

    private void show(Outcome outcome) {
        if (!outcome.text().isEmpty()) {
            (outcome.succeeded() ? out : err).println(outcome.text());
        }
    }

    /// The text of a script.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `DataFileMissing` or `DataFileCorrupt`
    public static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (NoSuchFileException e) {
            throw Problem.of(ProblemCode.DATA_FILE_MISSING, "There is no script " + file + ".")
                    .fact("looked in", Path.of("").toAbsolutePath())
                    .exception(e);
        } catch (CharacterCodingException e) {
            throw Problem.of(
                            ProblemCode.DATA_FILE_CORRUPT, "Script " + file + " is not UTF-8 text.")
                    .exception(e);
        } catch (IOException e) {
            throw Problem.of(ProblemCode.DATA_FILE_MISSING, "Script " + file + " cannot be read.")
                    .fact("reason", e)
                    .exception(e);
        }
    }
}
