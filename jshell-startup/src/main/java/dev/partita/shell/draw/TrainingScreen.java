package dev.partita.shell.draw;

import dev.partita.runtime.train.TrainingListener;
import dev.partita.runtime.train.TrainingRun;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;

/// Shows a training run while it goes on, and its curve at the end.
public final class TrainingScreen implements TrainingListener {

    private final Screen screen;
    private final LiveLine line;
    private OptionalDouble validation = OptionalDouble.empty();

    public TrainingScreen(Screen screen) {
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
                        validation,
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

    @Override
    public void validated(long step, int epoch, double loss) {
        validation = OptionalDouble.of(loss);
        line.end();
        screen.out()
                .println(
                        String.format(
                                Locale.ROOT,
                                "epoch %d, step %,d  validation loss %.4f nats per character",
                                epoch,
                                step,
                                loss));
    }

    @Override
    public void resumed(long step, List<String> changes) {
        screen.out().println(String.format(Locale.ROOT, "Goes on after step %,d.", step));
        changes.forEach(change -> screen.out().println("  not as before: " + change));
    }

    /// Ends the line, draws the curve and says how evenly experts were chosen.
    public void end(TrainingRun run) {
        line.end();
        if (run.interrupted()) {
            screen.out().println("Stopped after " + run.steps() + " complete steps.");
        }
        screen.out().println();
        screen.out().println(Pictures.curve(run));
        run.experts().forEach(screen.out()::println);
    }
}
