package dev.partita.shell.command;

import dev.partita.dsl.problem.NearMiss;
import dev.partita.dsl.problem.Origin;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.shell.draw.Screen;
import dev.partita.shell.engine.FailureText;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.UnmatchedArgumentException;

/// The command line itself: which commands there are, and the one place where a failure becomes a
/// message and an exit code.
@Command(
        name = "partita",
        description =
                "Neural networks described once, partitioned over a mesh of devices, run and explored.",
        synopsisSubcommandLabel = "[COMMAND]",
        footer = {"", "Without a command, the workbench starts."})
public final class PartitaCommand implements Runnable {
    private static final int BAD_INPUT = 2;
    private static final int DEFECT = 1;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            scope = ScopeType.INHERIT,
            description = "Shows this help and ends.")
    private boolean help;

    @Option(names = "--debug", scope = ScopeType.INHERIT, description = "Prints stack traces.")
    private boolean debug;

    private final Screen screen;

    private PartitaCommand(Screen screen) {
        this.screen = screen;
    }

    /// Runs one command.
    ///
    /// @return 0, 2 after bad input, 1 after a defect or a script that failed
    public static int run(Screen screen, String... arguments) {
        var root = new PartitaCommand(screen);
        var line = new CommandLine(root);
        line.addSubcommand(new ShellCommand(screen));
        line.addSubcommand(new DoctorCommand(screen));
        line.setOut(
                new PrintWriter(
                        new OutputStreamWriter(screen.out(), StandardCharsets.UTF_8), true));
        line.setParameterExceptionHandler((exception, given) -> root.refused(exception));
        line.setExecutionExceptionHandler((exception, command, parsed) -> root.failed(exception));
        line.setUsageHelpAutoWidth(true);
        return line.execute(arguments);
    }

    @Override
    public void run() {
        throw new IllegalStateException("a command is required");
    }

    private int refused(ParameterException exception) {
        if (debug) {
            exception.printStackTrace(screen.err());
        }
        CommandLine command = exception.getCommandLine();
        String sentence = exception.getMessage().lines().collect(Collectors.joining(" "));
        Problem problem =
                new Problem(
                        ProblemCode.INVALID_ARGUMENT,
                        sentence.endsWith(".") ? sentence : sentence + ".",
                        List.of(),
                        way(exception, command),
                        Origin.UNKNOWN);
        screen.err().println(problem.print());
        return BAD_INPUT;
    }

    private static String way(ParameterException exception, CommandLine command) {
        String help = command.getCommandSpec().qualifiedName() + " --help";
        if (exception instanceof UnmatchedArgumentException unmatched) {
            String word = unmatched.getUnmatched().getFirst();
            List<String> options = command.getCommandSpec().optionsMap().keySet().stream().toList();
            List<String> names =
                    word.startsWith("-") ? options : List.copyOf(command.getSubcommands().keySet());
            return NearMiss.find(word, names).map(name -> name + ", or " + help).orElse(help);
        }
        return help;
    }

    private int failed(Exception exception) {
        if (debug) {
            exception.printStackTrace(screen.err());
        }
        boolean foreseen = FailureText.problems(exception).isPresent();
        screen.err().println(FailureText.of(exception, UnaryOperator.identity()));
        if (!foreseen && !debug) {
            screen.err().println("  try: the same with --debug, and tell us what it prints");
        }
        return foreseen ? BAD_INPUT : DEFECT;
    }
}
