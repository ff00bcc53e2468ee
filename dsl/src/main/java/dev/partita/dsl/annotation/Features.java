package dev.partita.dsl.annotation;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// The input: plain numbers, as `features(<component>, value)`.
@Retention(RetentionPolicy.CLASS)
@Target(ElementType.FIELD)
public @interface Features {
    int value();
}
