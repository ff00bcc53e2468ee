package dev.partita.dsl.annotation;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// A learning rate that falls from the optimizer's, as `cosine(rate, steps, floor)`.
@Retention(RetentionPolicy.CLASS)
@Target(ElementType.TYPE)
public @interface Cosine {
    int steps();

    double floor() default 0;
}
