package dev.partita.dsl.annotation;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.lang.annotation.Repeatable;

/// One axis of the mesh; the first is the major one, as `Mesh.of(name, size).by(name, size)`.
@Retention(RetentionPolicy.SOURCE)
@Target(ElementType.TYPE)
@Repeatable(MeshAxis.Axes.class)
public @interface MeshAxis {
    String name();

    int size();

    /// Several axes, as javac wraps them.
    @Retention(RetentionPolicy.SOURCE)
    @Target(ElementType.TYPE)
    @interface Axes {
        MeshAxis[] value();
    }
}
