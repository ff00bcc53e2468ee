package dev.partita.shell.draw;

import java.io.PrintStream;
import java.time.Duration;

/// A line that is written over while something runs. Where nobody can be written over, as in a file
/// or a pipe, a new line appears every few seconds instead.
public final class LiveLine {
    private static final String START_OF_LINE = "\r";
    private static final String CLEAR_TO_END = "\u001b[K";

    private final PrintStream out;
    private final boolean terminal;
    private final long pauseNanos;
    private long lastNanos = Long.MIN_VALUE;
    private String pending = "";

    /// A line on `out`.
    ///
    /// @param terminal whether `out` is a screen
    public LiveLine(PrintStream out, boolean terminal) {
        this.out = out;
        this.terminal = terminal;
        pauseNanos = (terminal ? Duration.ofMillis(80) : Duration.ofSeconds(3)).toNanos();
    }

    /// Shows `text` unless something was shown a moment ago.
    ///
    /// @param nanos the time now, as of [System#nanoTime]
    public void show(String text, long nanos) {
        pending = text;
        if (lastNanos == Long.MIN_VALUE || nanos - lastNanos >= pauseNanos) {
            lastNanos = nanos;
            write(text);
        }
    }

    /// Shows what [#show] last held back and goes on to a new line.
    public void end() {
        if (!pending.isEmpty()) {
            write(pending);
        }
        if (terminal && lastNanos != Long.MIN_VALUE) {
            out.println();
        }
        out.flush();
        pending = "";
        lastNanos = Long.MIN_VALUE;
    }

    private void write(String text) {
        if (terminal) {
            out.print(START_OF_LINE + text + CLEAR_TO_END);
        } else {
            out.println(text);
        }
        out.flush();
        pending = "";
    }
}
