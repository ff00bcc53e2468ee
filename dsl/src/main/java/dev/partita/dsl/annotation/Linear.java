package dev.partita.dsl.annotation;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// A fully connected layer, as `linear(<component>, value)`.
@Retention(RetentionPolicy.SOURCE)
@Target(ElementType.FIELD)
public @interface Linear {
    int value();
}
