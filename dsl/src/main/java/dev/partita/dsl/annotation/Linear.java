package dev.partita.dsl.annotation;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// A fully connected layer, as `linear(<component>, value)`; with a `dim`, as `linear(<component>,
/// dim(dim, value))`.
@Retention(RetentionPolicy.CLASS)
@Target(ElementType.FIELD)
public @interface Linear {
    int value();

    /// The name of the result's innermost dim, if it is not the layer's.
    String dim() default "";

    /// False for `.withoutBias()`.
    boolean bias() default true;

    /// The layer's name, if it is not the component's. In a block that is [Times] repeated, `#`
    /// stands for the number of the block.
    String name() default "";
}
