package dev.partita.dsl.annotation;

import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// Shards every dim of this name, as `shard(dim).over(over)`. A dim that does not divide over its
/// axes is an error where its size stands.
@Retention(RetentionPolicy.SOURCE)
@Target({})
public @interface ShardDim {
    String dim();

    /// Names of mesh axes, major first.
    String[] over();
}
