package dev.partita.compiler.processor;

import java.util.Locale;
import java.util.Set;
import javax.lang.model.SourceVersion;

/// Names of layers as names of Java.
final class Identifier {
    /// Methods that every plan and layer has anyway.
    private static final Set<String> TAKEN =
            Set.of(
                    "compile",
                    "compilation",
                    "train",
                    "layer",
                    "clone",
                    "finalize",
                    "getClass",
                    "hashCode",
                    "notify",
                    "notifyAll",
                    "toString",
                    "wait");

    private Identifier() {}

    /// `first-layer` becomes `firstLayer`.
    static String method(String name) {
        String type = type(name);
        String method = type.substring(0, 1).toLowerCase(Locale.ROOT) + type.substring(1);
        return TAKEN.contains(method) || SourceVersion.isKeyword(method) ? method + "_" : method;
    }

    /// `first-layer` becomes `FirstLayer`.
    static String type(String name) {
        var type = new StringBuilder();
        for (String word : name.split("[^A-Za-z0-9]+", -1)) {
            if (!word.isEmpty()) {
                type.append(word.substring(0, 1).toUpperCase(Locale.ROOT))
                        .append(word.substring(1));
            }
        }
        return type.toString();
    }
}
