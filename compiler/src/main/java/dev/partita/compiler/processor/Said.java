package dev.partita.compiler.processor;

import com.palantir.javapoet.CodeBlock;
import java.util.Arrays;

/// A word of the DSL, said and written: what it gives, and the Java text that gives the same.
record Said<T>(T given, CodeBlock code) {
    /// `given`, written as a call of `word`.
    static <T> Said<T> call(T given, String word, Object... arguments) {
        CodeBlock written = Arrays.stream(arguments)
                .map(a -> CodeBlock.of(a instanceof String ? "$S" : "$L", a))
                .collect(CodeBlock.joining(", ", word + "(", ")"));
        return new Said<>(given, written);
    }
}
