package dev.partita.shell.draw;

import java.io.Console;
import java.io.PrintStream;

/// Where a command writes for people.
///
/// @param terminal whether a line can be written over
public record Screen(PrintStream out, PrintStream err, boolean terminal) {
    /// This process's terminal, file or pipe.
    public static Screen ofProcess() {
        Console console = System.console();
        return new Screen(System.out, System.err, console != null && console.isTerminal());
    }

    /// A new line for something that runs.
    public LiveLine liveLine() {
        return new LiveLine(out, terminal);
    }
}
