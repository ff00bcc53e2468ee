package dev.partita.dsl.annotation;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// The loss `meanSquared()`.
@Retention(RetentionPolicy.CLASS)
@Target(ElementType.TYPE)
public @interface MeanSquared {
    /// Dims over which the loss is a sum, as `.summedOver(summedOver)`.
    String[] summedOver() default {};
}
