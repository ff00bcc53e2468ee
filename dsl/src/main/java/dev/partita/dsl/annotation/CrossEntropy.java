package dev.partita.dsl.annotation;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// The loss `crossEntropy()`.
@Retention(RetentionPolicy.CLASS)
@Target(ElementType.TYPE)
public @interface CrossEntropy {
    /// A label that does not count, as `.ignoring(ignoring)`.
    int[] ignoring() default {};

    /// As `.labelSmoothing(labelSmoothing)`.
    double labelSmoothing() default 0;

    /// Dims over which the loss is a sum, as `.summedOver(summedOver)`.
    String[] summedOver() default {};
}
