package dev.partita.dsl.annotation;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// What the component is given, plus what its layers make of it: `residual(…)` of the words on the
/// component, or of the layers of its record.
@Retention(RetentionPolicy.CLASS)
@Target(ElementType.FIELD)
public @interface Residual {}
