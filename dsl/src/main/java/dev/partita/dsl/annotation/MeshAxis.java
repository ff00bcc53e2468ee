package dev.partita.dsl.annotation;

import java.lang.annotation.ElementType;
import java.lang.annotation.Repeatable;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// One axis of the mesh, as `.by(name, size)`; the major one is said first. A model without axes is
/// for one device.
@Retention(RetentionPolicy.CLASS)
@Target(ElementType.TYPE)
@Repeatable(MeshAxis.Several.class)
public @interface MeshAxis {
    String name();

    int size();

    /// What several of them are to javac; nobody writes it.
    @Retention(RetentionPolicy.CLASS)
    @Target(ElementType.TYPE)
    @interface Several {
        MeshAxis[] value();
    }
}
