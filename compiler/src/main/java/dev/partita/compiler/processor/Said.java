package dev.partita.compiler.processor;

import com.palantir.javapoet.CodeBlock;
import dev.partita.dsl.layer.Layers;
import java.util.Arrays;

/// A word of the DSL, said and written: what it gives, and the Java text that gives the same.
record Said<T>(T given, CodeBlock code) {
    /// `given`, written as a call of a word of [Layers].
    static <T> Said<T> call(T given, String word, Object... arguments) {
        CodeBlock written =
                Arrays.stream(arguments)
                        .map(a -> CodeBlock.of(a instanceof String ? "$S" : "$L", a))
                        .collect(CodeBlock.joining(", "));
        return new Said<>(given, CodeBlock.of("$T.$L($L)", Layers.class, word, written));
    }
}
