package dev.partita.dsl.annotation;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// Weights on the first device of an axis, as `dataParallel().over(over)`: to compare with.
@Retention(RetentionPolicy.CLASS)
@Target(ElementType.TYPE)
public @interface DataParallel {
    /// Names of mesh axes, major first.
    String[] over();
}
