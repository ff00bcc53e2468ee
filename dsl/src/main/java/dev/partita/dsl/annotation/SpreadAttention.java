package dev.partita.dsl.annotation;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// How attention gets at the keys of other devices where positions are sharded, as
/// `attention(ring())`.
@Retention(RetentionPolicy.CLASS)
@Target(ElementType.TYPE)
public @interface SpreadAttention {
    Way value();

    /// What travels.
    enum Way {
        /// `gather()`.
        GATHER,
        /// `ring()`.
        RING,
        /// `allToAll()`.
        ALL_TO_ALL
    }
}
