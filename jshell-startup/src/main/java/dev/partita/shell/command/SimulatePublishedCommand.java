package dev.partita.shell.command;

import dev.partita.compiler.search.Estimate;
import dev.partita.models.PublishedRun;
import dev.partita.shell.draw.Screen;
import dev.partita.shell.draw.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// `partita simulate published`: the simulator beside training steps that others have measured.
@Command(
        name = "published",
        description = {
            "The simulator beside training steps of GPTs that others have measured and published, on A100-80GB.",
            "The four marked runs calibrated the A100's curve; nothing was fitted to any other."
        })
final class SimulatePublishedCommand implements Callable<Integer> {
    @Mixin private JsonOption json = new JsonOption();

    private final Screen screen;

    SimulatePublishedCommand(Screen screen) {
        this.screen = screen;
    }

    /// One run in `--json`.
    private record Row(
            String run,
            String source,
            String strategy,
            double publishedSeconds,
            double stepSeconds,
            double error,
            boolean calibrates) {}

    /// What `--json` writes.
    private record Result(double medianError, double worstError, List<Row> runs) {}

    @Override
    public Integer call() {
        Optional<JsonFile> file = json.file();
        List<Row> rows = new ArrayList<>();
        var table = Table.of("run", "source", "published s", "simulated s", "error");
        for (PublishedRun run : PublishedRun.all()) {
            Estimate estimate = run.estimate();
            double error = estimate.seconds() / run.seconds() - 1;
            rows.add(
                    new Row(
                            run.name(),
                            run.source(),
                            run.strategy().toString(),
                            run.seconds(),
                            estimate.seconds(),
                            error,
                            run.calibrates()));
            table.row(
                    run.name() + (run.calibrates() ? " *" : ""),
                    run.source(),
                    "%.2f".formatted(run.seconds()),
                    "%.2f".formatted(estimate.seconds()),
                    "%+.1f %%".formatted(100 * error));
        }
        List<Double> errors = rows.stream().map(row -> Math.abs(row.error())).sorted().toList();
        double median = errors.get(errors.size() / 2);
        screen.out().print(table.print());
        screen.out()
                .printf(
                        "%d runs, * calibrates: median error %.1f %%, worst %.1f %%%n",
                        rows.size(), 100 * median, 100 * errors.getLast());
        file.ifPresent(each -> each.write(new Result(median, errors.getLast(), rows)));
        return 0;
    }
}
