package dev.partita.dsl.layer;

import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.LongStream;

/// What the words take; each violation is a Problem on the user's line.
final class Arguments {
    private static final Pattern NAME = Pattern.compile("[A-Za-z][A-Za-z0-9_-]*");

    /// Names of the dims and inputs that every model has anyway.
    private static final Set<String> TAKEN =
            Set.of(
                    "batch",
                    "micro-batch",
                    "labels",
                    "targets",
                    Tracer.SEGMENTS,
                    "step",
                    "learning-rate",
                    "loss");

    private Arguments() {}

    static void name(String kind, String name) {
        if (!NAME.matcher(name).matches()) {
            throw Problem.of(
                            ProblemCode.INVALID_ARGUMENT,
                            "A name must start with a letter and hold no spaces or dots.")
                    .fact(kind, '"' + name + '"')
                    .fix("write a name such as \"hidden\"")
                    .exception();
        }
        if (TAKEN.contains(name)) {
            throw Problem.of(
                            ProblemCode.DUPLICATE_NAME,
                            "Every model has a value of this name already.")
                    .fact(kind, '"' + name + '"')
                    .fix("another name than " + String.join(", ", TAKEN.stream().sorted().toList()))
                    .exception();
        }
    }

    static void atLeast(long least, String what, String name, long value) {
        if (value < least) {
            throw outside(what, name, value, "at least " + least).exception();
        }
    }

    static void divides(String parts, long count, String what, long value) {
        if (count < 1 || value % count != 0) {
            List<Long> divisors =
                    LongStream.rangeClosed(1, value).filter(n -> value % n == 0).boxed().toList();
            throw Problem.of(
                            ProblemCode.INDIVISIBLE_DIM,
                            "The " + parts + " do not divide the " + what + ".")
                    .fact(what, value)
                    .fact(parts, count)
                    .fix("one of " + divisors + " " + parts)
                    .exception();
        }
    }

    /// A fraction in `[0, 1)`.
    static void fraction(String what, String name, double value) {
        if (!(value >= 0 && value < 1)) {
            throw outside(what, name, value, "at least 0 and below 1").exception();
        }
    }

    /// A finite number that is not negative.
    static void notNegative(String what, String name, double value) {
        if (!(value >= 0 && value < Double.POSITIVE_INFINITY)) {
            throw outside(what, name, value, "0 or a positive number").exception();
        }
    }

    private static Problem outside(String what, String name, Object value, String range) {
        return Problem.of(
                        ProblemCode.INVALID_ARGUMENT,
                        "The " + name + " of " + what + " must be " + range + ".")
                .fact(name, value)
                .fix("give " + what + " a " + name + " of " + range);
    }
}
