package dev.partita.dsl.annotation;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// The input: pictures, as `image(<component>, channels, height, width)`.
@Retention(RetentionPolicy.CLASS)
@Target(ElementType.FIELD)
public @interface Image {
    int channels();

    int height();

    int width();
}
