package dev.partita.shell.command;

import dev.partita.runtime.train.TrainingListener;
import dev.partita.runtime.train.TrainingRun;
import dev.partita.shell.draw.LineChart;
import dev.partita.shell.draw.LiveLine;
import dev.partita.shell.draw.ProgressBar;
import dev.partita.shell.draw.Screen;
import java.time.Duration;
import java.util.Locale;

/// Shows a training run while it goes on, and its curve at the end.
final class TrainingScreen implements TrainingListener {
    private static final int CURVE_COLUMNS = 60;
    private static final int CURVE_ROWS = 8;

    private final Screen screen;
    private final LiveLine line;

    TrainingScreen(Screen screen) {
        this.screen = screen;
        line = screen.liveLine();
    }

    @Override
    public void step(Progress progress) {
        var left = Duration.ofMillis(Math.round(1000 * progress.secondsLeft()));
        var bar =
                new ProgressBar(
                        "epoch " + progress.epoch(),
                        progress.step(),
                        progress.steps(),
                        progress.loss(),
                        progress.samplesPerSecond(),
                        left);
        line.show(bar.line(), System.nanoTime());
    }

    @Override
    public void tested(int epoch, double accuracy) {
        line.end();
        screen.out()
                .println(
                        String.format(
                                Locale.ROOT,
                                "epoch %d  test accuracy %.2f %%",
                                epoch,
                                100 * accuracy));
    }

    void end(TrainingRun run) {
        line.end();
        if (run.interrupted()) {
            screen.out().println("Stopped after " + run.steps() + " complete steps.");
        }
        double[] losses = run.losses().stream().mapToDouble(Double::doubleValue).toArray();
        screen.out().println();
        screen.out().print(LineChart.draw("loss by step", losses, CURVE_COLUMNS, CURVE_ROWS));
        screen.out().println();
    }
}
