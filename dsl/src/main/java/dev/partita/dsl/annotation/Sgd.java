package dev.partita.dsl.annotation;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// Stochastic gradient descent, as `sgd(value)`. Its rate may change: [WarmUp], [Cosine],
/// [StepDecay].
@Retention(RetentionPolicy.CLASS)
@Target(ElementType.TYPE)
public @interface Sgd {
    /// The learning rate.
    double value();

    double momentum() default 0;

    /// True for `.nesterov()`.
    boolean nesterov() default false;

    double weightDecay() default 0;

    /// Weights that weight decay spares, as `.sparing(sparing)`.
    String[] sparing() default {};

    /// True for `.sparingVectors()`.
    boolean sparingVectors() default false;
}
