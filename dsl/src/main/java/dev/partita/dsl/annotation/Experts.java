package dev.partita.dsl.annotation;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// A mixture of experts, as `experts(<component>, count, hidden)`, which takes one of
/// `.capacity(capacity)` and `.dropless()`.
@Retention(RetentionPolicy.CLASS)
@Target(ElementType.FIELD)
public @interface Experts {
    int count();

    int hidden();

    /// Experts of each position, as `.topK(topK)`; two, or one where there is one, if left out.
    int[] topK() default {};

    /// What an expert takes in, times its even share, as `.capacity(capacity)`.
    double[] capacity() default {};

    /// True for `.dropless()`.
    boolean dropless() default false;

    /// Weight of the loss that evens out the experts' loads, as `.auxiliary(auxiliary)`.
    double auxiliary() default 0.01;

    /// True for `.swiGlu()`.
    boolean swiGlu() default false;

    /// The layer's name, if it is not the component's. In a block that is [Times] repeated, `#`
    /// stands for the number of the block.
    String name() default "";
}
