package dev.partita.dsl.annotation;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// Self-attention, as `attention(<component>, heads)`.
@Retention(RetentionPolicy.CLASS)
@Target(ElementType.FIELD)
public @interface Attention {
    int heads();

    /// Heads of keys and values, as `.groups(groups)`; as many as there are queries if left out.
    int[] groups() default {};

    /// True for `.causal()`.
    boolean causal() default false;

    /// True for `.rotary()`.
    boolean rotary() default false;

    /// False for `.withoutBias()`.
    boolean bias() default true;

    /// Two deviations of first weights, as `.normal(inside, output)`.
    double[] normal() default {};

    /// The layer's name, if it is not the component's. In a block that is [Times] repeated, `#`
    /// stands for the number of the block.
    String name() default "";
}
