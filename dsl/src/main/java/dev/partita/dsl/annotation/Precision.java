package dev.partita.dsl.annotation;

import dev.partita.dsl.tensor.Dtype;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// The type that ops compute in, as `precision(Precision.BF16)`.
@Retention(RetentionPolicy.CLASS)
@Target(ElementType.TYPE)
public @interface Precision {
    Dtype value();

    /// True for `.roundingGradients()`.
    boolean roundGradients() default false;
}
