package dev.partita.shell.command;

import dev.partita.compiler.Compilation;
import dev.partita.runtime.train.Proof;
import dev.partita.shell.draw.Screen;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `partita prove`: runs a plan beside its one-device plan and compares every number.
@Command(
        name = "prove",
        description = {
            "Runs the plan and a one-device plan on the same data and compares loss, every gradient, the gradient"
                    + " norm and the updated weights. Exit code 1 if they differ."
        })
final class ProveCommand implements Callable<Integer> {
    private static final int DIFFERENT = 1;

    @Mixin private ModelArgument model = new ModelArgument();
    @Mixin private StrategyOptions strategy = new StrategyOptions();
    @Mixin private JsonOption json = new JsonOption();

    @Option(
            names = "--steps",
            paramLabel = "N",
            description = "Steps to compare. Default: ${DEFAULT-VALUE}.")
    private int steps = 2;

    private final Screen screen;

    ProveCommand(Screen screen) {
        this.screen = screen;
    }

    /// What `--json` writes.
    private record Result(
            Proof.MaxRelativeDifference maxRelativeDifference,
            double tolerance,
            boolean equal,
            List<Long> peakBytesPerDevice,
            List<Long> predictedPeakBytesPerDevice) {}

    @Override
    public Integer call() {
        Optional<JsonFile> file = json.file();
        Compilation compilation = strategy.compileToRun(model.model(), "", steps);
        screen.out().println(strategy.placement(compilation));
        Proof proof = Proof.of(compilation, strategy.library(), strategy.seed(), steps);
        screen.out().print(proof.describe());
        file.ifPresent(each ->
                each.write(
                        new Result(
                                proof.maxRelativeDifference(),
                                proof.tolerance(),
                                proof.equal(),
                                proof.peakBytes(),
                                proof.predictedPeakBytes())));
        return proof.equal() ? 0 : DIFFERENT;
    }
}
