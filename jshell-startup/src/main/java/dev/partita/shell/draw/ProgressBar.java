package dev.partita.shell.draw;

import java.time.Duration;
import java.util.Locale;
import java.util.OptionalDouble;

/// One line about a run: how far it is, its loss, its speed, and the time it still needs.
///
/// ```
/// epoch 1 ━━━━━━━━━━━━╌╌╌╌╌╌╌╌ 141/235  loss 0.2144  8,231 samples/s  00:12 left
/// ```
///
/// @param label what runs
/// @param done steps done
/// @param total steps to do
/// @param loss the last loss
/// @param validation the last loss of a text that is not trained on, if there was a test of it
/// @param samplesPerSecond examples trained on per second, 0 while unknown
/// @param left time until the last step, as far as it can be told
public record ProgressBar(
        String label,
        long done,
        long total,
        double loss,
        OptionalDouble validation,
        double samplesPerSecond,
        Duration left) {
    private static final int WIDTH = 24;

    /// The line, without a line end.
    public String line() {
        int filled = total == 0 ? WIDTH : (int) (WIDTH * Math.min(done, total) / total);
        String speed =
                samplesPerSecond > 0
                        ? String.format(Locale.ROOT, "  %,.0f samples/s", samplesPerSecond)
                        : "";
        String tested =
                validation.isPresent()
                        ? String.format(Locale.ROOT, "  validation %.4f", validation.getAsDouble())
                        : "";
        return String.format(
                Locale.ROOT,
                "%s %s%s %d/%d  loss %.4f%s%s  %s left",
                label,
                "━".repeat(filled),
                "╌".repeat(WIDTH - filled),
                done,
                total,
                loss,
                tested,
                speed,
                clock(left));
    }

    private static String clock(Duration time) {
        String minutes =
                String.format(Locale.ROOT, "%02d:%02d", time.toMinutesPart(), time.toSecondsPart());
        return time.toHours() == 0 ? minutes : time.toHours() + ":" + minutes;
    }
}
