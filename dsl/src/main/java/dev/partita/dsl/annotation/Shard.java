package dev.partita.dsl.annotation;

import java.lang.annotation.ElementType;
import java.lang.annotation.Repeatable;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// Shards every dim of this name, as `shard(dim).at(at).over(over)`. A dim that does not divide
/// over its axes is an error where its size stands.
@Retention(RetentionPolicy.CLASS)
@Target(ElementType.TYPE)
@Repeatable(Shard.Several.class)
public @interface Shard {
    String dim();

    /// Names of mesh axes, major first.
    String[] over();

    /// Layers whose results are meant; all if left out.
    String[] at() default {};

    /// True for `.balanced()`.
    boolean balanced() default false;

    /// What several of them are to javac; nobody writes it.
    @Retention(RetentionPolicy.CLASS)
    @Target(ElementType.TYPE)
    @interface Several {
        Shard[] value();
    }
}
