package dev.partita.dsl.layer;

import static dev.partita.dsl.layer.Spelling.quoted;
import static dev.partita.dsl.layer.Spelling.word;

/// How a person writes an optimizer and its learning rate in the words of [Layers].
public final class OptimizerSpelling {
    private OptimizerSpelling() {}

    public static String spell(Optimizer optimizer) {
        return switch (optimizer) {
            case Optimizer.Sgd sgd ->
                    word("sgd", rate(sgd.learningRate()))
                            + (sgd.momentum() == 0
                                    ? ""
                                    : word(".momentum", Spelling.of(sgd.momentum())))
                            + (sgd.looksAhead() ? word(".nesterov") : "")
                            + decay(sgd.weightDecay(), 0)
                            + spared(sgd.spared());
            case Optimizer.Adam adam -> spell(adam);
        };
    }

    private static String spell(Optimizer.Adam adam) {
        Optimizer.Adam usual = adam.decoupled() ? Layers.adamW(0) : Layers.adam(0);
        boolean forgets = adam.beta1() != usual.beta1() || adam.beta2() != usual.beta2();
        return word(adam.decoupled() ? "adamW" : "adam", rate(adam.learningRate()))
                + (forgets
                        ? word(".betas", Spelling.of(adam.beta1()), Spelling.of(adam.beta2()))
                        : "")
                + (adam.epsilon() == usual.epsilon()
                        ? ""
                        : word(".epsilon", Spelling.of(adam.epsilon())))
                + decay(adam.weightDecay(), usual.weightDecay())
                + spared(adam.spared());
    }

    private static String decay(double weightDecay, double usual) {
        return weightDecay == usual ? "" : word(".weightDecay", Spelling.of(weightDecay));
    }

    private static String spared(Spared spared) {
        return (spared.names().isEmpty() ? "" : word(".sparing", quoted(spared.names())))
                + (spared.vectors() ? word(".sparingVectors") : "");
    }

    /// The argument of an optimizer: a number where the rate is constant.
    private static String rate(LearningRate rate) {
        return rate instanceof LearningRate.Constant constant
                ? Spelling.of(constant.rate())
                : spell(rate);
    }

    public static String spell(LearningRate rate) {
        return switch (rate) {
            case LearningRate.Constant constant -> word("constant", Spelling.of(constant.rate()));
            case LearningRate.StepDecay decay ->
                    word(
                            "stepDecay",
                            Spelling.of(decay.rate()),
                            Spelling.of(decay.every()),
                            Spelling.of(decay.factor()));
            case LearningRate.Cosine cosine ->
                    word(
                            "cosine",
                            Spelling.of(cosine.peak()),
                            Spelling.of(cosine.steps()),
                            Spelling.of(cosine.floor()));
            case LearningRate.Rise rise ->
                    word(
                            "new LearningRate.Rise",
                            Spelling.of(rise.peak()),
                            Spelling.of(rise.steps()));
            case LearningRate.Sequence sequence -> spell(sequence);
        };
    }

    private static String spell(LearningRate.Sequence sequence) {
        boolean warmsUp =
                sequence.first() instanceof LearningRate.Rise rise
                        && rise.steps() == sequence.steps()
                        && rise.peak() == sequence.next().at(1);
        String begin =
                warmsUp
                        ? word("warmUp", Spelling.of(sequence.steps()))
                        : spell(sequence.first()) + word(".during", Spelling.of(sequence.steps()));
        return begin + word(".then", spell(sequence.next()));
    }
}
