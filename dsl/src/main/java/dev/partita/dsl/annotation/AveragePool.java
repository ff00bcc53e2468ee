package dev.partita.dsl.annotation;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// The mean of each channel over the image, as `averagePool()`.
@Retention(RetentionPolicy.CLASS)
@Target(ElementType.FIELD)
public @interface AveragePool {}
