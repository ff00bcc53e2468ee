package dev.partita.compiler.lint;

import com.sun.source.util.TreePath;
import dev.partita.dsl.problem.Origin;
import java.lang.reflect.Parameter;
import java.util.List;
import java.util.Optional;

/// A call of a source that was said.
///
/// @param receiver what it was said to, if that is an expression too
/// @param arguments where they stand
/// @param values what they give
record Utterance(
        TreePath call,
        Origin origin,
        Invocation invocation,
        Optional<TreePath> receiver,
        List<TreePath> arguments,
        List<Object> values) {
    String word() {
        return invocation.word().getName();
    }

    /// What the word calls an argument; any of the last ones, if it takes any number.
    String parameter(int argument) {
        Parameter[] parameters = invocation.word().getParameters();
        return parameters[Math.min(argument, parameters.length - 1)].getName();
    }

    /// True if it gives again what it was said to, rather than completing it, as `.over("tensor")`
    /// does `shard("hidden")`.
    boolean isWhole() {
        return invocation.receiver() == null
                || invocation.word().getDeclaringClass().isAssignableFrom(invocation.givenType());
    }
}
