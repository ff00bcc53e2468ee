package dev.partita.shell.draw;

import java.io.Console;
import java.io.PrintStream;
import java.util.Optional;

/// Where a command writes for people.
///
/// @param terminal whether a line can be written over
public record Screen(PrintStream out, PrintStream err, boolean terminal) {
    /// This process's terminal, file or pipe.
    public static Screen ofProcess() {
        boolean terminal =
                Optional.ofNullable(System.console()).map(Console::isTerminal).orElse(false);
        return new Screen(System.out, System.err, terminal);
    }

    /// A new line for something that runs.
    public LiveLine liveLine() {
        return new LiveLine(out, terminal);
    }
}
