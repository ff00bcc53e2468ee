package dev.partita.dsl.annotation;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// What backward computes again instead of keeping it, as `recompute(…)`.
@Retention(RetentionPolicy.CLASS)
@Target(ElementType.TYPE)
public @interface Recompute {
    How value();

    /// With `SELECTIVE`: ops such as `softmax`, or layers.
    String[] of() default {};

    /// With `WITHIN`: memory of each device, such as `40 GiB`.
    String memory() default "";

    /// How much is computed again.
    enum How {
        /// `Recompute.none()`.
        NONE,
        /// `Recompute.full()`.
        FULL,
        /// `Recompute.selective(of)`.
        SELECTIVE,
        /// `Recompute.within(memory)`.
        WITHIN
    }
}
