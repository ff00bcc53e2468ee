package dev.partita.shell.notebook;

import dev.partita.dsl.problem.Origin;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.shell.engine.Engine;
import dev.partita.shell.engine.Outcome;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// Evaluates the cells of a notebook in one session.
public final class NotebookRunner {
    private NotebookRunner() {}

    /// Runs every cell. Standard output of the whole process goes into the notebook meanwhile.
    ///
    /// @param file name that messages point into
    /// @throws dev.partita.dsl.problem.ProblemException `InvalidArgument` with the first cell that
    ///   fails
    public static List<CellRun> run(List<Cell> cells, String file) {
        var runs = new ArrayList<CellRun>();
        try (Engine engine = Engine.open()) {
            for (Cell cell : cells) {
                runs.add(
                        switch (cell) {
                            case Cell.Prose prose -> new CellRun(prose, "", "");
                            case Cell.Code code -> run(engine, code, file);
                        });
            }
        }
        return runs;
    }

    private static CellRun run(Engine engine, Cell.Code cell, String file) {
        var printed = new ByteArrayOutputStream();
        var outcomes = new ArrayList<Outcome>();
        PrintStream before = System.out;
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        // Blank lines above the cell, so that messages count lines from the top of the file.
        String source = "\n".repeat(cell.line() - 1) + cell.source();
        try {
            engine.evaluate(source, file, outcomes::add);
        } finally {
            System.setOut(before);
        }
        String shown = "";
        for (Outcome outcome : outcomes) {
            if (!(outcome instanceof Outcome.Done done)) {
                throw Problem.of(ProblemCode.INVALID_ARGUMENT, "A cell of the notebook fails.")
                        .fact("cell", cell.source())
                        .fact("message", outcome.text())
                        .at(new Origin(file, cell.line()))
                        .exception();
            }
            shown = done.shown();
        }
        return new CellRun(cell, printed.toString(StandardCharsets.UTF_8), shown);
    }
}
