package dev.partita.dsl.annotation;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// Root-mean-square normalisation, as `rmsNorm(<component>)`.
@Retention(RetentionPolicy.CLASS)
@Target(ElementType.FIELD)
public @interface RmsNorm {
    /// The layer's name, if it is not the component's. In a block that is [Times] repeated, `#`
    /// stands for the number of the block.
    String name() default "";
}
