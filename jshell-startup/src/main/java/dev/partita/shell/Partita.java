package dev.partita.shell;

import dev.partita.shell.command.PartitaCommand;
import dev.partita.shell.draw.Screen;

/// Where the launcher starts.
public final class Partita {
    private Partita() {}

    public static void main(String[] arguments) {
        System.exit(PartitaCommand.run(Screen.ofProcess(), arguments));
    }
}
