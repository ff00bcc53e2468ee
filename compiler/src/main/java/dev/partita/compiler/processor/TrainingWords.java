package dev.partita.compiler.processor;

import dev.partita.dsl.annotation.Adam;
import dev.partita.dsl.annotation.AdamW;
import dev.partita.dsl.annotation.Cosine;
import dev.partita.dsl.annotation.CrossEntropy;
import dev.partita.dsl.annotation.MeanSquared;
import dev.partita.dsl.annotation.Sgd;
import dev.partita.dsl.annotation.StepDecay;
import dev.partita.dsl.annotation.WarmUp;
import dev.partita.dsl.layer.Layers;
import dev.partita.dsl.layer.LearningRate;
import dev.partita.dsl.layer.Loss;
import dev.partita.dsl.layer.Optimizer;
import java.lang.annotation.Annotation;
import java.util.List;

/// Which word of [Layers] each annotation for training stands for.
final class TrainingWords {
    static final List<Class<? extends Annotation>> LOSSES =
            List.of(CrossEntropy.class, MeanSquared.class);

    static final List<Class<? extends Annotation>> OPTIMIZERS =
            List.of(Sgd.class, Adam.class, AdamW.class);

    /// How the learning rate of the optimizer changes: what it does first is said last.
    static final List<Class<? extends Annotation>> RATES =
            List.of(Cosine.class, StepDecay.class, WarmUp.class);

    private TrainingWords() {}

    static Loss loss(Annotation annotation) {
        return switch (annotation) {
            case CrossEntropy c -> crossEntropy(c);
            case MeanSquared m ->
                    m.summedOver().length == 0
                            ? Layers.meanSquared()
                            : Layers.meanSquared().summedOver(m.summedOver());
            default -> throw new IllegalArgumentException("no loss: " + annotation);
        };
    }

    private static Loss crossEntropy(CrossEntropy c) {
        Loss.CrossEntropy loss = Layers.crossEntropy().labelSmoothing(c.labelSmoothing());
        var ignored = LayerWords.one("ignoring", c.ignoring());
        loss = ignored.isPresent() ? loss.ignoring(ignored.get()) : loss;
        return c.summedOver().length == 0 ? loss : loss.summedOver(c.summedOver());
    }

    /// The learning rate that an optimizer begins with.
    static double peak(Annotation optimizer) {
        return switch (optimizer) {
            case Sgd s -> s.value();
            case Adam a -> a.value();
            case AdamW a -> a.value();
            default -> throw new IllegalArgumentException("no optimizer: " + optimizer);
        };
    }

    /// A rate that begins with `peak` and changes as an annotation says.
    ///
    /// @param rate as it changes without the annotation
    static LearningRate changed(LearningRate rate, double peak, Annotation annotation) {
        return switch (annotation) {
            case Cosine c -> Layers.cosine(peak, c.steps(), c.floor());
            case StepDecay d -> Layers.stepDecay(peak, d.every(), d.factor());
            case WarmUp w -> Layers.warmUp(w.value()).then(rate);
            default -> throw new IllegalArgumentException("no learning rate: " + annotation);
        };
    }

    /// The optimizer that an annotation says.
    static Optimizer optimizer(Annotation annotation, LearningRate rate) {
        return switch (annotation) {
            case Sgd s -> sgd(s, rate);
            case Adam a -> {
                var adam = Layers.adam(rate).betas(a.beta1(), a.beta2()).epsilon(a.epsilon());
                yield sparing(adam.weightDecay(a.weightDecay()), a.sparing(), a.sparingVectors());
            }
            case AdamW a -> {
                var adam = Layers.adamW(rate).betas(a.beta1(), a.beta2()).epsilon(a.epsilon());
                yield sparing(adam.weightDecay(a.weightDecay()), a.sparing(), a.sparingVectors());
            }
            default -> throw new IllegalArgumentException("no optimizer: " + annotation);
        };
    }

    private static Optimizer sgd(Sgd s, LearningRate rate) {
        Optimizer.Sgd sgd = Layers.sgd(rate).momentum(s.momentum()).weightDecay(s.weightDecay());
        sgd = s.nesterov() ? sgd.nesterov() : sgd;
        sgd = s.sparing().length == 0 ? sgd : sgd.sparing(s.sparing());
        return s.sparingVectors() ? sgd.sparingVectors() : sgd;
    }

    private static Optimizer sparing(Optimizer.Adam adam, String[] names, boolean vectors) {
        Optimizer.Adam named = names.length == 0 ? adam : adam.sparing(names);
        return vectors ? named.sparingVectors() : named;
    }
}
