package dev.partita.shell.engine;

import org.jspecify.annotations.Nullable;

/// What came of one snippet. [#text] is what a person is shown, empty if there is nothing to say.
public sealed interface Outcome {
    /// The snippet as it was typed.
    String source();

    String text();

    /// False stops a script.
    default boolean succeeded() {
        return this instanceof Done;
    }

    /// Evaluated, or declared.
    ///
    /// @param value what the snippet stands for, null if it has no value
    /// @param shown the whole value of an expression as text, empty for a declaration or a
    ///   statement
    record Done(String source, String text, @Nullable Object value, String shown)
            implements Outcome {}

    /// Java that does not compile.
    record Rejected(String source, String text) implements Outcome {}

    /// Ended by an exception.
    record Failed(String source, String text, Throwable cause) implements Outcome {}

    /// Ended by [Engine#interrupt].
    record Stopped(String source, String text) implements Outcome {}
}
