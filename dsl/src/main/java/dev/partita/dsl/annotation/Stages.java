package dev.partita.dsl.annotation;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// The model in stages along an axis, as `stages(count).schedule(schedule).over(over)`.
@Retention(RetentionPolicy.CLASS)
@Target(ElementType.TYPE)
public @interface Stages {
    /// Number of stages; may be left out where `begins` says it, or `order`.
    int count() default 0;

    /// The layers with which all stages but the first begin, as `stages(begins)`; where the work
    /// decides if left out.
    String[] begins() default {};

    /// Name of a known schedule.
    String schedule() default "1f1b";

    /// A schedule of one's own, a line per device: `0F0 0F1 0B0 0B1`.
    String order() default "";

    /// The axis.
    String over();
}
