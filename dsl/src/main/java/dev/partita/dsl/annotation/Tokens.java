package dev.partita.dsl.annotation;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// The input: token ids, as `tokens(<component>, length, vocabulary)`.
@Retention(RetentionPolicy.CLASS)
@Target(ElementType.FIELD)
public @interface Tokens {
    int length();

    int vocabulary();
}
