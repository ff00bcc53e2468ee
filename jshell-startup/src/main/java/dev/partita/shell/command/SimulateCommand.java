package dev.partita.shell.command;

import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `partita simulate`: how long a plan takes without running it.
@Command(
        name = "simulate",
        description = "Computes how long things take, without running them.",
        synopsisSubcommandLabel = "COMMAND")
final class SimulateCommand implements Callable<Integer> {
    @Spec private @Nullable CommandSpec spec;

    @Override
    public Integer call() {
        if (spec == null) {
            throw new IllegalStateException("not made by the command line");
        }
        throw new ParameterException(
                spec.commandLine(), "Say what to simulate: " + spec.subcommands().keySet());
    }
}
