package dev.partita.shell.command;

import dev.partita.compiler.CompileOptions;
import dev.partita.dsl.layer.Layers;
import dev.partita.dsl.layer.LearningRate;
import dev.partita.dsl.layer.Optimizer;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// How weights follow their gradients.
final class OptimizerOptions {
    private static final List<String> OPTIMIZERS = List.of("adam", "adamw", "sgd");
    private static final String VECTORS = "vectors";
    private static final List<String> SCHEDULES = List.of("constant", "cosine");

    @Option(
            names = "--optimizer",
            paramLabel = "NAME",
            description =
                    "adam, adamw or sgd. Default: adam; to train a model of tokens adamw, with --betas 0.9,0.99"
                            + " --weight-decay 0.1 --decay-spares vectors.")
    private @Nullable String optimizer;

    @Option(
            names = "--learning-rate",
            paramLabel = "RATE",
            description = "The highest of a schedule. Default: 0.001; demo: 0.002.")
    private @Nullable Double learningRate;

    @Option(
            names = "--lr-schedule",
            paramLabel = "NAME",
            description =
                    "constant, or cosine: down to 0 at the last step. Default: constant; demo, and to train a model of tokens: cosine.")
    private @Nullable String schedule;

    @Option(
            names = "--warmup-steps",
            paramLabel = "N",
            description =
                    "Rises to the learning rate in this many steps first. Default: none; to train a model of tokens 100, or a tenth of all steps.")
    private @Nullable Long warmUpSteps;

    @Option(
            names = "--betas",
            paramLabel = "FIRST,SECOND",
            split = ",",
            description = "How slowly the moments of adam and adamw forget. Default: 0.9,0.999.")
    private List<Double> betas = List.of();

    @Option(names = "--weight-decay", paramLabel = "X", description = "Default: 0; adamw: 0.01.")
    private @Nullable Double weightDecay;

    @Option(
            names = "--decay-spares",
            paramLabel = "NAME,…",
            split = ",",
            description =
                    "Weights that do not decay: roles such as bias, layers, or vectors for all of one dim.")
    private List<String> spared = List.of();

    @Option(
            names = "--clip-norm",
            paramLabel = "NORM",
            description =
                    "Shortens gradients to this norm over all weights. Default: as they are; to train a model of tokens 1.")
    private @Nullable Double clipNorm;

    private Recipe recipe = Recipe.PLAIN;

    /// What counts where the user says nothing.
    void usually(Recipe usual) {
        recipe = usual;
    }

    private String name() {
        return optimizer == null ? recipe.optimizer() : optimizer;
    }

    /// What an optimizer is told besides its learning rate: by the user, or by the recipe if that
    /// chose the optimizer.
    private boolean isUsual() {
        return optimizer == null;
    }

    /// The optimizer of a training of so many steps.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `InvalidArgument`
    Optimizer over(long steps) {
        LearningRate rate = learningRate(steps);
        return switch (name()) {
            case "adam" -> decaying(Layers.adam(rate));
            case "adamw" -> decaying(Layers.adamW(rate));
            case "sgd" -> decaying(withoutBetas(Layers.sgd(rate)));
            default -> throw UnknownChoice.of("optimizer", name(), OPTIMIZERS);
        };
    }

    private Optimizer decaying(Optimizer.Adam plain) {
        Optimizer.Adam adam = betas(plain);
        if (weightDecay != null) {
            adam = adam.weightDecay(weightDecay);
        } else if (isUsual() && recipe.weightDecay() >= 0) {
            adam = adam.weightDecay(recipe.weightDecay());
        }
        adam = sparesVectors() ? adam.sparingVectors() : adam;
        return adam.sparing(sparedNames());
    }

    private Optimizer decaying(Optimizer.Sgd plain) {
        Optimizer.Sgd sgd = weightDecay == null ? plain : plain.weightDecay(weightDecay);
        sgd = sparesVectors() ? sgd.sparingVectors() : sgd;
        return sgd.sparing(sparedNames());
    }

    private Optimizer.Adam betas(Optimizer.Adam adam) {
        List<Double> both = betas.isEmpty() && isUsual() ? recipe.betas() : betas;
        if (both.size() == 1 || both.size() > 2) {
            throw wrongBetas("Adam has two betas.");
        }
        return both.isEmpty() ? adam : adam.betas(both.getFirst(), both.getLast());
    }

    private Optimizer.Sgd withoutBetas(Optimizer.Sgd sgd) {
        if (!betas.isEmpty()) {
            throw wrongBetas("Only adam and adamw have betas.");
        }
        return sgd;
    }

    private RuntimeException wrongBetas(String sentence) {
        return Problem.of(ProblemCode.INVALID_ARGUMENT, sentence)
                .fact("--betas", betas)
                .fact("--optimizer", name())
                .fix("for example --optimizer adamw --betas 0.9,0.95")
                .exception();
    }

    private boolean sparesVectors() {
        boolean usual = spared.isEmpty() && isUsual() && recipe.sparesVectors();
        return usual || spared.contains(VECTORS);
    }

    private String[] sparedNames() {
        return spared.stream().filter(name -> !name.equals(VECTORS)).toArray(String[]::new);
    }

    /// Options that clip gradients as the user says.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `InvalidArgument`
    CompileOptions clip(CompileOptions options) {
        return options.clipNorm(clipNorm == null ? recipe.clipNorm() : clipNorm);
    }

    private LearningRate learningRate(long steps) {
        long rises = warmUpSteps == null ? Math.min(recipe.warmUpSteps(), steps / 10) : warmUpSteps;
        if (rises < 0 || (rises > 0 && rises >= steps)) {
            throw Problem.of(
                            ProblemCode.INVALID_ARGUMENT,
                            "The warm-up must be shorter than the training.")
                    .fact("--warmup-steps", rises)
                    .fact("steps of training", steps)
                    .fix("for example --warmup-steps " + steps / 20)
                    .exception();
        }
        LearningRate main = afterWarmUp(steps - rises);
        return rises == 0 ? main : Layers.warmUp(rises).then(main);
    }

    private LearningRate afterWarmUp(long steps) {
        double peak = learningRate == null ? recipe.learningRate() : learningRate;
        String name = schedule == null ? recipe.schedule() : schedule;
        return switch (name) {
            case "constant" -> Layers.constant(peak);
            case "cosine" -> Layers.cosine(peak, steps, 0);
            default -> throw UnknownChoice.of("schedule", name, SCHEDULES);
        };
    }
}
