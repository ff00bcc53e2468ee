package dev.partita.dsl.annotation;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// Shortens gradients to this norm, as `clipNorm(value)`.
@Retention(RetentionPolicy.CLASS)
@Target(ElementType.TYPE)
public @interface ClipNorm {
    double value();
}
