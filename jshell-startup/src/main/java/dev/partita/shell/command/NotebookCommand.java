package dev.partita.shell.command;

import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.shell.draw.Screen;
import dev.partita.shell.notebook.Cell;
import dev.partita.shell.notebook.JupyterNotebook;
import dev.partita.shell.notebook.NotebookRunner;
import dev.partita.shell.workbench.Script;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// `partita notebook`: runs Markdown with Java cells and writes the Jupyter notebook beside it.
@Command(
        name = "notebook",
        description = {
            "Runs Markdown files whose ```java fences are cells, and writes a Jupyter notebook with their outputs beside"
                    + " each."
        })
final class NotebookCommand implements Callable<Integer> {
    @Parameters(arity = "1..*", paramLabel = "FILE.md", description = "Notebooks to run.")
    private List<Path> files = List.of();

    private final Screen screen;

    NotebookCommand(Screen screen) {
        this.screen = screen;
    }

    @Override
    public Integer call() {
        for (Path file : files) {
            String name = String.valueOf(file.getFileName());
            List<Cell> cells = Cell.parse(Script.read(file));
            String notebook = JupyterNotebook.write(NotebookRunner.run(cells, name));
            Path place = file.resolveSibling(name.replaceFirst("(\\.md)?$", ".ipynb"));
            write(place, notebook);
            screen.out().println(place + ", " + cells.size() + " cells");
        }
        return 0;
    }

    private static void write(Path place, String notebook) {
        try {
            Files.writeString(place, notebook);
        } catch (IOException e) {
            throw Problem.of(
                            ProblemCode.OUTPUT_NOT_WRITTEN,
                            "The notebook cannot be written to " + place + ".")
                    .fact("reason", e)
                    .exception(e);
        }
    }
}
