package dev.partita.dsl.annotation;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// A convolution, as `conv2d(<component>, channels, kernel, stride, padding)`.
@Retention(RetentionPolicy.SOURCE)
@Target(ElementType.FIELD)
public @interface Conv2d {
    int channels();

    int kernel();

    int stride() default 1;

    int padding() default 0;
}
