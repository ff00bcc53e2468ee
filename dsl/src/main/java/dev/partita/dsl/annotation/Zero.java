package dev.partita.dsl.annotation;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// What data parallelism need not keep whole, as `zero(stage).over(over)`.
@Retention(RetentionPolicy.CLASS)
@Target(ElementType.TYPE)
public @interface Zero {
    int stage();

    /// Names of mesh axes, major first.
    String[] over();
}
