package dev.partita.dsl.annotation;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// A convolution, as `conv2d(<component>, channels, kernel, stride, padding)`.
@Retention(RetentionPolicy.CLASS)
@Target(ElementType.FIELD)
public @interface Conv2d {
    int channels();

    int kernel();

    int stride() default 1;

    int padding() default 0;

    /// False for `.withoutBias()`.
    boolean bias() default true;

    /// The layer's name, if it is not the component's. In a block that is [Times] repeated, `#`
    /// stands for the number of the block.
    String name() default "";
}
