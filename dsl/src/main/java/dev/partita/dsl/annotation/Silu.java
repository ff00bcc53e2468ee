package dev.partita.dsl.annotation;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// `x * sigmoid(x)`, as `silu()`.
@Retention(RetentionPolicy.CLASS)
@Target(ElementType.FIELD)
public @interface Silu {}
