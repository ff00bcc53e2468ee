package dev.partita.dsl.annotation;

import java.lang.annotation.ElementType;
import java.lang.annotation.Repeatable;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// Keeps a dim whole in the results of some layers, whatever else is asked, as
/// `replicate(dim).at(at)`.
@Retention(RetentionPolicy.CLASS)
@Target(ElementType.TYPE)
@Repeatable(Replicate.Several.class)
public @interface Replicate {
    String dim();

    String[] at();

    /// What several of them are to javac; nobody writes it.
    @Retention(RetentionPolicy.CLASS)
    @Target(ElementType.TYPE)
    @interface Several {
        Replicate[] value();
    }
}
