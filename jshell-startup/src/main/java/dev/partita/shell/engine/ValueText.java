package dev.partita.shell.engine;

import java.lang.reflect.Array;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Optional;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/// How a value is shown: the only place that decides it. A value with a public `String print()` is
/// shown by it; a text of several lines is shown as it is; everything else by `toString()`.
public final class ValueText {
    private static final int BRIEF = 120;

    private ValueText() {}

    /// All of the value, as an expression shows it.
    public static String whole(@Nullable Object value) {
        return switch (value) {
            case null -> "null";
            case String s -> s.contains("\n") ? s.stripTrailing() : '"' + s + '"';
            case Character c -> "'" + c + "'";
            case Object array when array.getClass().isArray() -> elements(array);
            case Object o -> printed(o).orElseGet(() -> o.toString()).stripTrailing();
        };
    }

    /// One line of the value, as a declaration shows it.
    public static String brief(@Nullable Object value) {
        String text =
                value != null && printing(value).isPresent() ? value.toString() : whole(value);
        String line = text.lines().findFirst().orElse("");
        boolean cut = line.length() < text.length() || line.length() > BRIEF;
        return cut ? line.substring(0, Math.min(line.length(), BRIEF)) + " …" : line;
    }

    private static String elements(Object array) {
        var text = new StringJoiner(", ", "{", "}");
        for (int i = 0; i < Array.getLength(array); i++) {
            text.add(whole(Array.get(array, i)));
        }
        String type = array.getClass().getComponentType().getSimpleName();
        return type + "[" + Array.getLength(array) + "] " + text;
    }

    private static Optional<String> printed(Object value) {
        return printing(value)
                .map(print -> {
                    try {
                        return (String) print.invoke(value);
                    } catch (ReflectiveOperationException e) {
                        return value.toString();
                    }
                });
    }

    private static Optional<Method> printing(Object value) {
        try {
            Method print = value.getClass().getMethod("print");
            boolean callable =
                    print.getReturnType() == String.class
                            && !Modifier.isStatic(print.getModifiers())
                            && print.canAccess(value);
            return callable ? Optional.of(print) : Optional.empty();
        } catch (NoSuchMethodException e) {
            return Optional.empty();
        }
    }
}
