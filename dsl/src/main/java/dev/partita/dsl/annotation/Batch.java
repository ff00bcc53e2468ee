package dev.partita.dsl.annotation;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// Examples per step, over all devices, as `batch(value)`.
@Retention(RetentionPolicy.CLASS)
@Target(ElementType.TYPE)
public @interface Batch {
    int value();

    /// Parts that are computed one after the other, as `microBatches(microBatches)`.
    int microBatches() default 1;
}
