package dev.partita.dsl.annotation;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// The memory of each device, such as `80 GiB`, as `memory(…)`: a step that needs more is refused.
@Retention(RetentionPolicy.CLASS)
@Target(ElementType.TYPE)
public @interface DeviceMemory {
    String value();
}
