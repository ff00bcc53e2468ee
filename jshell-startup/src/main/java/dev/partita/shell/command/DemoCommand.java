package dev.partita.shell.command;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.plan.PlanDescription;
import dev.partita.dsl.layer.Model;
import dev.partita.models.ConvNet;
import dev.partita.runtime.data.DataSplit;
import dev.partita.runtime.train.Proof;
import dev.partita.runtime.train.Training;
import dev.partita.runtime.train.TrainingRun;
import dev.partita.shell.draw.Screen;
import dev.partita.shell.draw.Table;
import dev.partita.shell.draw.TrainingScreen;
import java.io.PrintStream;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `partita demo`: the main road from a described network to a trained one, with a proof at its
/// end.
@Command(
        name = "demo",
        description = {
            "Trains the ConvNet on virtual devices and shows the way there: the model, the plan and why each of its"
                    + " collectives is there, live progress, accuracy, and the proof that the devices together compute"
                    + " what one computes.",
            "Without --mesh: " + DemoCommand.MESH + "."
        })
final class DemoCommand implements Callable<Integer> {
    static final String MESH = "data=2,tensor=2";

    private static final int PROOF_STEPS = 2;

    @Mixin private StrategyOptions strategy = new StrategyOptions();
    @Mixin private DataOption data = new DataOption();
    @Mixin private JsonOption json = new JsonOption();

    @Option(names = "--epochs", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
    private int epochs = 3;

    private final Screen screen;

    DemoCommand(Screen screen) {
        this.screen = screen;
    }

    /// What `--json` writes.
    ///
    /// @param testAccuracy absent if training was interrupted
    private record Result(
            @Nullable Double testAccuracy,
            int epochs,
            double samplesPerSecond,
            double maxRelativeDifference,
            int devices,
            boolean interrupted) {}

    @Override
    public Integer call() {
        Optional<JsonFile> file = json.file();
        PrintStream out = screen.out();
        DataSplit examples = data.read(strategy.seed());
        strategy.usually(Recipe.DEMO);
        Model network = ConvNet.model();
        long steps = strategy.steps(network, examples.train().size(), epochs, false);
        Compilation compilation = strategy.compileToRun(network, MESH, steps);
        out.println("1. A network, described once");
        out.println();
        out.print(compilation.model().describe());
        out.println();
        out.println("2. Its plan on " + strategy.placement(compilation));
        out.println();
        show(compilation);
        out.println();
        out.println(
                "3. Training on "
                        + examples.train().name()
                        + ", %,d examples".formatted(examples.train().size()));
        out.println();
        TrainingRun run = train(compilation, examples);
        out.println(run);
        if (run.interrupted()) {
            return 0;
        }
        out.println();
        out.println("4. The devices together compute what one computes");
        out.println();
        Proof proof = Proof.of(compilation, strategy.library(), strategy.seed(), PROOF_STEPS);
        out.print(proof.describe());
        file.ifPresent(each -> each.write(result(run, proof, compilation)));
        return 0;
    }

    private TrainingRun train(Compilation compilation, DataSplit examples) {
        var view = new TrainingScreen(screen);
        try (var _ = Interruption.ofThisThread()) {
            TrainingRun run =
                    Training.of(compilation, examples.train(), strategy.library())
                            .test(examples.test())
                            .seed(strategy.seed())
                            .listener(view)
                            .epochs(epochs);
            view.end(run);
            return run;
        }
    }

    private static Result result(TrainingRun run, Proof proof, Compilation compilation) {
        return new Result(
                run.testAccuracy().isPresent() ? run.testAccuracy().getAsDouble() : null,
                run.epochs(),
                run.samplesPerSecond(),
                proof.maxRelativeDifference().largest(),
                compilation.plan().devices(),
                run.interrupted());
    }

    /// The plan in short: its collectives, each with its reason and the line it comes from.
    private void show(Compilation compilation) {
        PlanDescription plan = PlanDescription.of(compilation.plan());
        var table = Table.of("collective", "over", "bytes", "because", "line");
        for (PlanDescription.CollectiveDescription each : plan.collectives()) {
            String bytes = "%,d".formatted(each.bytes());
            table.row(each.kind(), each.axis(), bytes, reason(each), each.source());
        }
        screen.out().print(table.print());
        boolean alike = plan.roles().size() == 1;
        for (PlanDescription.RoleDescription role : plan.roles()) {
            screen.out()
                    .println(
                            "  %d devices%s, %d steps each, %,d bytes of memory each"
                                    .formatted(
                                            role.devices(),
                                            alike ? "" : " at " + role.role(),
                                            role.steps(),
                                            role.memoryBytes().total()));
        }
        screen.out()
                .println(
                        "  every step: partita plan convnet "
                                + StrategyOptions.meshOption(compilation));
    }

    /// Without the collective and the axis, which have columns of their own.
    private static String reason(PlanDescription.CollectiveDescription collective) {
        return collective.because().replaceFirst("^.* because ", "");
    }
}
