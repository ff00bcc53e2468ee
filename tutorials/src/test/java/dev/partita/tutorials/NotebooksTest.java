package dev.partita.tutorials;

import static com.google.common.truth.Truth.assertWithMessage;

import dev.partita.shell.notebook.Cell;
import dev.partita.shell.notebook.JupyterNotebook;
import dev.partita.shell.notebook.NotebookRunner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Every notebook runs, and the Jupyter notebook beside it shows what it shows today.
final class NotebooksTest {
    private static final Path FOLDER = Path.of("notebooks");

    static List<Path> notebooks() throws IOException {
        try (Stream<Path> files = Files.list(FOLDER)) {
            return files.filter(file -> file.toString().endsWith(".md")).sorted().toList();
        }
    }

    @ParameterizedTest
    @MethodSource("notebooks")
    void a_notebook_runs_and_shows_what_is_committed(Path source) throws IOException {
        String name = source.getFileName().toString();
        List<Cell> cells = Cell.parse(Files.readString(source));
        String fresh = JupyterNotebook.write(NotebookRunner.run(cells, name));
        Path committed = FOLDER.resolve(name.replaceFirst("\\.md$", ".ipynb"));
        assertWithMessage(
                        "%s is not what %s shows now; write it anew: jshell-startup/bin/partita notebook"
                                + " tutorials/notebooks/%s",
                        committed, name, name)
                .that(JupyterNotebook.comparable(Files.readString(committed)))
                .isEqualTo(JupyterNotebook.comparable(fresh));
    }
}
