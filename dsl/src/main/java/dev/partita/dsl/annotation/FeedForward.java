package dev.partita.dsl.annotation;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// The feed-forward part of a transformer's block, as `feedForward(<component>, value)`.
@Retention(RetentionPolicy.CLASS)
@Target(ElementType.FIELD)
public @interface FeedForward {
    int value();

    /// False for `.withoutBias()`.
    boolean bias() default true;

    /// Two deviations of first weights, as `.normal(inside, output)`.
    double[] normal() default {};

    /// The layer's name, if it is not the component's. In a block that is [Times] repeated, `#`
    /// stands for the number of the block.
    String name() default "";
}
