package dev.partita.dsl.annotation;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// Adam with decoupled weight decay, as `adamW(value)`. Its rate may change: [WarmUp], [Cosine],
/// [StepDecay].
@Retention(RetentionPolicy.CLASS)
@Target(ElementType.TYPE)
public @interface AdamW {
    /// The learning rate.
    double value();

    double beta1() default 0.9;

    double beta2() default 0.999;

    double epsilon() default 1e-8;

    double weightDecay() default 0.01;

    /// Weights that weight decay spares, as `.sparing(sparing)`.
    String[] sparing() default {};

    /// True for `.sparingVectors()`.
    boolean sparingVectors() default false;
}
