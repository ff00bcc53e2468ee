package dev.partita.dsl.annotation;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// A mixture of experts, as `experts(<component>, count, hidden).topK(topK)`, which takes one of
/// `.capacity(capacity)` and `.dropless()`.
@Retention(RetentionPolicy.SOURCE)
@Target(ElementType.FIELD)
public @interface Experts {
    int count();

    int hidden();

    int topK() default 2;

    /// What an expert takes in, times its even share; 0 says nothing.
    double capacity() default 0;

    boolean dropless() default false;

    /// Weight of the loss that evens out the experts' loads.
    double auxiliary() default 0.01;

    boolean swiGlu() default false;
}
