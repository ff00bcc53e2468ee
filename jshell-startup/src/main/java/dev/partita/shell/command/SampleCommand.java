package dev.partita.shell.command;

import dev.partita.dsl.layer.Model;
import dev.partita.kernels.KernelLibraries;
import dev.partita.runtime.state.Checkpoint;
import dev.partita.runtime.train.Sampling;
import dev.partita.shell.draw.Screen;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `partita sample`: writes text from a trained model.
@Command(
        name = "sample",
        description = "Writes text from a trained model, character by character. Ctrl-C ends it.")
final class SampleCommand implements Callable<Integer> {
    @Mixin private ModelArgument model = new ModelArgument();

    @Option(
            names = "--checkpoint",
            paramLabel = "DIR",
            required = true,
            description = "The folder that partita train --checkpoint wrote; its last checkpoint.")
    private Path folder = Path.of("");

    @Option(
            names = "--prompt",
            paramLabel = "TEXT",
            description = "What the text begins with. Default: a new line.")
    private @Nullable String prompt;

    @Option(
            names = "--length",
            paramLabel = "N",
            description = "Characters to write after it. Default: ${DEFAULT-VALUE}.")
    private int length = 500;

    @Option(
            names = "--temperature",
            paramLabel = "T",
            description = {
                "How freely it chooses: 1 as the model predicts, 0 always what is likeliest.",
                "Default: ${DEFAULT-VALUE}."
            })
    private double temperature = 0.8;

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "The same seed writes the same text. Default: ${DEFAULT-VALUE}.")
    private long seed = 1;

    @Option(
            names = "--kernels",
            paramLabel = "LIBRARY",
            description = "cpu or reference (plain loops, slow). Default: ${DEFAULT-VALUE}.")
    private String kernels = "cpu";

    @Mixin private JsonOption json = new JsonOption();

    private final Screen screen;

    SampleCommand(Screen screen) {
        this.screen = screen;
    }

    /// What `--json` writes.
    ///
    /// @param step after which the weights were kept: the best test, or the last step
    private record Result(
            String model, long step, String text, int length, double charactersPerSecond) {}

    @Override
    public Integer call() {
        Optional<JsonFile> file = json.file();
        Checkpoint checkpoint = Checkpoint.open(folder);
        Model trained = model.trained(checkpoint);
        Sampling sampling =
                Sampling.of(trained, checkpoint, KernelLibraries.named(kernels))
                        .temperature(temperature)
                        .seed(seed);
        Sampling begun = prompt == null ? sampling : sampling.prompt(prompt);
        var text = new StringBuilder();
        long start = System.nanoTime();
        begun.write(
                length,
                piece -> {
                    text.append(piece);
                    screen.out().print(piece);
                    screen.out().flush();
                });
        screen.out().println();
        double seconds = (System.nanoTime() - start) / 1e9;
        long step = checkpoint.best().map(best -> best.step()).orElse(checkpoint.point().step());
        file.ifPresent(each ->
                each.write(
                        new Result(
                                trained.name(), step, text.toString(), length, length / seconds)));
        return 0;
    }
}
