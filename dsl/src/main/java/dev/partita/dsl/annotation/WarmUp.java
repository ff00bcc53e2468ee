package dev.partita.dsl.annotation;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// A learning rate that rises for some steps, as `warmUp(value).then(…)`.
@Retention(RetentionPolicy.CLASS)
@Target(ElementType.TYPE)
public @interface WarmUp {
    /// Steps.
    int value();
}
