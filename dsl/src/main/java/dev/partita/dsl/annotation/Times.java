package dev.partita.dsl.annotation;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// The layers of the component's record, one block after the other. Their names get the number of
/// their block, from `from`: `mix` becomes `mix1`, `mix2`; `norm#a` becomes `norm1a`.
@Retention(RetentionPolicy.CLASS)
@Target(ElementType.FIELD)
public @interface Times {
    int value();

    /// The first block's number.
    int from() default 1;
}
