package dev.partita.shell.command;

import dev.partita.dsl.problem.NearMiss;
import dev.partita.dsl.problem.Origin;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.shell.draw.Screen;
import dev.partita.shell.engine.FailureText;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.UnaryOperator;
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
        footer = {
            "",
            "Without a command, the workbench starts. partita help COMMAND is partita COMMAND --help."
        })
public final class PartitaCommand implements Callable<Integer> {
    private static final int BAD_INPUT = 2;
    private static final int DEFECT = 1;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            scope = ScopeType.INHERIT,
            description = "Shows this help and ends.")
    @SuppressWarnings("UnusedVariable") // picocli acts on it
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
        var line = new CommandLine(root).setUsageHelpAutoWidth(true);
        line.addSubcommand(new ShellCommand(screen));
        line.addSubcommand(new DemoCommand(screen));
        line.addSubcommand(new TrainCommand(screen));
        line.addSubcommand(new SampleCommand(screen));
        line.addSubcommand(new PlanCommand(screen));
        line.addSubcommand(new ProveCommand(screen));
        line.addSubcommand(simulation(screen));
        line.addSubcommand(new SearchCommand(screen));
        line.addSubcommand(benchmarks(screen));
        line.addSubcommand(new NotebookCommand(screen));
        line.addSubcommand(new DoctorCommand(screen));
        try {
            if (arguments.length > 0 && arguments[0].equals("help")) {
                explained(line, List.of(arguments).subList(1, arguments.length))
                        .usage(screen.out());
                return 0;
            }
            CommandLine command = line.parseArgs(arguments).asCommandLineList().getLast();
            if (command.isUsageHelpRequested()) {
                command.usage(screen.out());
                return 0;
            }
            Callable<Integer> action = command.getCommand();
            return action.call();
        } catch (ParameterException e) {
            return root.refused(e);
        } catch (Exception e) {
            return root.failed(e);
        }
    }

    /// The command whose help `help` and these words ask for.
    private static CommandLine explained(CommandLine line, List<String> words) {
        CommandLine command = line;
        for (String word : words) {
            CommandLine inner = command.getSubcommands().get(word);
            if (inner == null) {
                throw new UnmatchedArgumentException(command, List.of(word));
            }
            command = inner;
        }
        return command;
    }

    private static CommandLine benchmarks(Screen screen) {
        return new CommandLine(new BenchCommand(screen))
                .addSubcommand(new BenchStrategiesCommand(screen));
    }

    private static CommandLine simulation(Screen screen) {
        return new CommandLine(new SimulateCommand())
                .addSubcommand(new SimulateScheduleCommand(screen))
                .addSubcommand(new SimulateTrainingCommand(screen))
                .addSubcommand(new SimulatePublishedCommand(screen));
    }

    @Override
    public Integer call() throws Exception {
        return new ShellCommand(screen).call();
    }

    private int refused(ParameterException exception) {
        trace(exception);
        String sentence = String.valueOf(exception.getMessage()).replaceAll("\\s+", " ");
        Problem problem =
                new Problem(
                        ProblemCode.INVALID_ARGUMENT,
                        sentence.endsWith(".") ? sentence : sentence + ".",
                        List.of(),
                        way(exception),
                        Origin.UNKNOWN);
        screen.err().println(problem.message());
        return BAD_INPUT;
    }

    /// The command or option that was probably meant, and where all of them are listed.
    private static String way(ParameterException exception) {
        CommandLine command = exception.getCommandLine();
        String help = command.getCommandSpec().qualifiedName() + " --help";
        if (!(exception instanceof UnmatchedArgumentException unmatched)) {
            return help;
        }
        String word = unmatched.getUnmatched().getFirst();
        Set<String> names =
                word.startsWith("-")
                        ? command.getCommandSpec().optionsMap().keySet()
                        : command.getSubcommands().keySet();
        return NearMiss.find(word, names).map(name -> name + ", or " + help).orElse(help);
    }

    private int failed(Exception exception) {
        trace(exception);
        boolean foreseen = FailureText.problems(exception).isPresent();
        screen.err().println(FailureText.of(exception, UnaryOperator.identity()));
        if (!foreseen && !debug) {
            screen.err().println("  try: the same with --debug, and tell us what it prints");
        }
        return foreseen ? BAD_INPUT : DEFECT;
    }

    private void trace(Exception exception) {
        if (debug) {
            exception.printStackTrace(screen.err());
        }
    }
}
