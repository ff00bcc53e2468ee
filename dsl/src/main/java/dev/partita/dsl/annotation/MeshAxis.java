package dev.partita.dsl.annotation;

import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// One axis of the mesh, as `.by(name, size)`.
@Retention(RetentionPolicy.SOURCE)
@Target({})
public @interface MeshAxis {
    String name();

    int size();
}
