package dev.partita.shell.engine;

import dev.partita.compiler.Compilation;
import java.lang.reflect.Array;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.List;
import java.util.Optional;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/// How a value is shown: the only place that decides it. A value with a public `String print()` is
/// shown by it; a text of several lines is shown as it is; everything else by `toString()`.
public final class ValueText {
    private static final int BRIEF = 120;

    /// What methods are called that return all of a value as text.
    private static final List<String> WHOLE = List.of("describe", "print");

    private ValueText() {}

    /// All of the value, as an expression shows it.
    public static String whole(@Nullable Object value) {
        return switch (value) {
            case null -> "null";
            case String s -> s.contains("\n") ? s.stripTrailing() : '"' + s + '"';
            case Character c -> "'" + c + "'";
            case Compilation compilation -> compilation.plan().print().stripTrailing();
            case Object array when array.getClass().isArray() -> elements(array);
            case Object o -> printed(o).orElseGet(() -> o.toString()).stripTrailing();
        };
    }

    /// One line of the value, as a declaration shows it.
    public static String brief(@Nullable Object value) {
        String text = value != null && isLarge(value) ? value.toString() : whole(value);
        String line = text.lines().findFirst().orElse("");
        boolean cut = line.length() < text.length() || line.length() > BRIEF;
        return cut ? line.substring(0, Math.min(line.length(), BRIEF)) + " …" : line;
    }

    private static boolean isLarge(Object value) {
        return value instanceof Compilation || printing(value).isPresent();
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
                .map(method -> {
                    try {
                        return (String) method.invoke(value);
                    } catch (ReflectiveOperationException e) {
                        return value.toString();
                    }
                });
    }

    private static Optional<Method> printing(Object value) {
        return WHOLE.stream().flatMap(name -> method(value, name).stream()).findFirst();
    }

    private static Optional<Method> method(Object value, String name) {
        try {
            Method method = value.getClass().getMethod(name);
            boolean callable =
                    method.getReturnType() == String.class
                            && !Modifier.isStatic(method.getModifiers())
                            && method.canAccess(value);
            return callable ? Optional.of(method) : Optional.empty();
        } catch (NoSuchMethodException e) {
            return Optional.empty();
        }
    }
}
