package dev.partita.dsl.annotation;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// The output through the table of an embedding, as `tiedTo(value)`.
@Retention(RetentionPolicy.CLASS)
@Target(ElementType.FIELD)
public @interface TiedTo {
    String value();
}
