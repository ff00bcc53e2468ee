package dev.partita.dsl.annotation;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// A vector for each token, as `embedding(<component>, value)`.
@Retention(RetentionPolicy.CLASS)
@Target(ElementType.FIELD)
public @interface Embedding {
    int value();

    /// Number of vectors, if it is not the input's number of tokens.
    int[] vocabulary() default {};

    /// How far first weights spread, as `.deviation(deviation)`.
    double deviation() default 1;

    /// The layer's name, if it is not the component's. In a block that is [Times] repeated, `#`
    /// stands for the number of the block.
    String name() default "";
}
