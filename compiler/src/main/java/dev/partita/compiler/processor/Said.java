package dev.partita.compiler.processor;

import com.palantir.javapoet.CodeBlock;
import dev.partita.dsl.layer.Layers;
import java.util.Arrays;

/// A word of the DSL, said and written: what it gives, and the Java text that gives the same.
record Said<T>(T given, CodeBlock code) {
    /// `given`, written as a call of a word of [Layers].
    static <T> Said<T> call(T given, String word, Object... arguments) {
        return new Said<>(given, CodeBlock.of("$T.$L($L)", Layers.class, word, written(arguments)));
    }

    /// `next`, written as a call of `word` on this, in a line of its own.
    <U> Said<U> then(U next, String word, Object... arguments) {
        return new Said<>(next, CodeBlock.of("$L\n.$L($L)", code, word, written(arguments)));
    }

    private static CodeBlock written(Object... arguments) {
        return Arrays.stream(arguments)
                .map(a ->
                        switch (a) {
                            case Said<?> said -> said.code();
                            case String text -> CodeBlock.of("$S", text);
                            default -> CodeBlock.of("$L", a);
                        })
                .collect(CodeBlock.joining(", "));
    }
}
