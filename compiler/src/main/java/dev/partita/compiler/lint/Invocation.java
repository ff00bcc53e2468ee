package dev.partita.compiler.lint;

import java.lang.reflect.Array;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A word and all that it takes.
record Invocation(Executable word, @Nullable Object receiver, List<Object> arguments) {
    /// Arguments as the word takes them: numbers widened, the last ones in an array if it takes any
    /// number; nothing if they do not fit.
    static Optional<Invocation> of(
            Executable word, @Nullable Object receiver, List<Object> values) {
        Class<?>[] types = word.getParameterTypes();
        int single = word.isVarArgs() ? types.length - 1 : types.length;
        if (values.size() < single || (!word.isVarArgs() && values.size() > single)) {
            return Optional.empty();
        }
        List<Object> arguments = new ArrayList<>();
        for (int i = 0; i < single; i++) {
            Optional<Object> value = Constants.as(types[i], values.get(i));
            if (value.isEmpty()) {
                return Optional.empty();
            }
            arguments.add(value.get());
        }
        if (word.isVarArgs()) {
            Class<?> type = types[single].getComponentType();
            List<Object> rest = values.subList(single, values.size());
            Object array = Array.newInstance(type, rest.size());
            for (int i = 0; i < rest.size(); i++) {
                Optional<Object> value = Constants.as(type, rest.get(i));
                if (value.isEmpty()) {
                    return Optional.empty();
                }
                Array.set(array, i, value.get());
            }
            arguments.add(array);
        }
        return Optional.of(new Invocation(word, receiver, arguments));
    }

    Class<?> givenType() {
        return word instanceof Method method ? method.getReturnType() : word.getDeclaringClass();
    }

    @Nullable Object call() throws ReflectiveOperationException {
        return switch (word) {
            case Method method -> method.invoke(receiver, arguments.toArray());
            case Constructor<?> constructor -> constructor.newInstance(arguments.toArray());
        };
    }
}
