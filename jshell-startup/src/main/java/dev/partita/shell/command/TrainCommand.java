package dev.partita.shell.command;

import dev.partita.compiler.Compilation;
import dev.partita.compiler.cost.DeviceSpec;
import dev.partita.dsl.layer.Line;
import dev.partita.dsl.layer.Loss;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.runtime.train.Training;
import dev.partita.runtime.train.TrainingRun;
import dev.partita.shell.draw.Screen;
import dev.partita.shell.draw.TimelinePicture;
import dev.partita.shell.draw.TrainingScreen;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `partita train`: trains a model on virtual devices.
@Command(
        name = "train",
        description =
                "Trains a model on virtual devices. Ctrl-C ends training after the last complete step.")
final class TrainCommand implements Callable<Integer> {
    /// The label of an example that completes a batch.
    private static final int IGNORED = -100;

    @Mixin private ModelArgument model = new ModelArgument();
    @Mixin private StrategyOptions strategy = new StrategyOptions();
    @Mixin private DataOption data = new DataOption();
    @Mixin private CheckpointOptions checkpoints = new CheckpointOptions();
    @Mixin private JsonOption json = new JsonOption();
    @Mixin private TimelineOption timeline = new TimelineOption();

    @Option(
            names = "--beside",
            paramLabel = "DEVICE",
            description = {
                "Lays beside the timeline what the simulator foretells on zen4-2-cores, a100-80gb, …, or on what a file",
                "describes that partita bench --calibrate wrote."
            })
    private @Nullable String beside;

    @Option(
            names = "--epochs",
            paramLabel = "N",
            description = "Default: one; of a model of tokens ten.")
    private @Nullable Integer epochs;

    @Option(
            names = "--steps",
            paramLabel = "N",
            description = "Trains for this many steps instead.")
    private @Nullable Integer steps;

    @Option(
            names = "--early-stopping",
            paramLabel = "PATIENCE",
            description = "Ends after this many tests without a better one, with the best weights.")
    private @Nullable Integer patience;

    @Option(
            names = "--test-every",
            paramLabel = "N",
            description = "Tests after every N steps instead of after every epoch.")
    private @Nullable Integer testEvery;

    @Option(
            names = "--every-example",
            description = {
                "Trains with every example once an epoch: the last, smaller batch is completed by some that do",
                "not count. Default: what fills no batch is left out of an epoch, others each time."
            })
    private boolean everyExample;

    private final Screen screen;

    TrainCommand(Screen screen) {
        this.screen = screen;
    }

    @Override
    public Integer call() {
        requireOne("--epochs", epochs);
        requireOne("--steps", steps);
        Optional<JsonFile> file = json.file();
        TimelineOption.Drawing drawing = timeline.drawing(screen);
        Optional<DeviceSpec> device = Optional.ofNullable(beside).map(DeviceSpec::named);
        Model described = model.model(() -> data.text(strategy.seed()).vocabulary().size());
        Model network = everyExample ? ignoring(described) : described;
        DataOption.Parts examples = data.of(network, strategy.seed());
        Recipe recipe = StrategyOptions.readsTokens(network) ? Recipe.TEXT : Recipe.PLAIN;
        strategy.usually(recipe);
        int rounds = epochs == null ? recipe.epochs() : epochs;
        long length =
                steps == null
                        ? strategy.steps(network, examples.train().size(), rounds, everyExample)
                        : steps;
        Compilation compilation = strategy.compileToRun(network, "", length);
        screen.out().println(network.name() + " on " + strategy.placement(compilation));
        var view = new TrainingScreen(screen);
        Training training =
                Training.of(compilation, examples.train(), strategy.library())
                        .test(examples.test())
                        .seed(strategy.seed())
                        .listener(view);
        training = patience == null ? training : training.stoppingEarly(patience);
        training = testEvery == null ? training : training.testEvery(testEvery);
        training = everyExample ? training.everyExample() : training;
        training = timeline.isWanted() ? training.recording() : training;
        training = checkpoints.of(training);
        try (var _ = Interruption.ofThisThread()) {
            TrainingRun run = steps == null ? training.epochs(rounds) : training.steps(steps);
            view.end(run);
            screen.out().println(run);
            checkpoints.wayOn(run).ifPresent(screen.out()::println);
            run.timeline()
                    .ifPresent(measured ->
                            drawing.draw(
                                    () -> TimelinePicture.beside(compilation, device, measured)));
            file.ifPresent(each -> each.write(TrainResult.of(network.name(), run)));
        }
        return 0;
    }

    /// The model with a loss to which some labels do not count, if it has one that can.
    private static Model ignoring(Model model) {
        Optional<Loss> loss = model.loss().map(Line::word);
        if (loss.isPresent()
                && loss.get() instanceof Loss.CrossEntropy entropy
                && entropy.ignored().isEmpty()) {
            return model.loss(entropy.ignoring(IGNORED));
        }
        return model;
    }

    private static void requireOne(String option, @Nullable Integer given) {
        if (given != null && given < 1) {
            throw Problem.of(ProblemCode.INVALID_ARGUMENT, "Training takes at least one step.")
                    .fact("given", option + " " + given)
                    .fix("for example " + option + " 10")
                    .exception();
        }
    }
}
