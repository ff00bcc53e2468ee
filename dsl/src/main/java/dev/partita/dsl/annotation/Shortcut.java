package dev.partita.dsl.annotation;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// Inside a record that is a [Residual]: these layers say what becomes of what it is given, as
/// `.shortcut(…)`.
@Retention(RetentionPolicy.CLASS)
@Target(ElementType.FIELD)
public @interface Shortcut {}
