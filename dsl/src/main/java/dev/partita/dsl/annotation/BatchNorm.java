package dev.partita.dsl.annotation;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// Batch normalisation, as `batchNorm(<component>).local(local)`.
@Retention(RetentionPolicy.CLASS)
@Target(ElementType.FIELD)
public @interface BatchNorm {
    /// Equal stretches of the batch with statistics of their own; 1 for those of the whole batch.
    int local() default 1;

    /// The layer's name, if it is not the component's. In a block that is [Times] repeated, `#`
    /// stands for the number of the block.
    String name() default "";
}
