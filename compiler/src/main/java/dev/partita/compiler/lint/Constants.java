package dev.partita.compiler.lint;

import com.sun.source.tree.Tree;
import java.math.BigInteger;
import java.util.Optional;

/// Arithmetic of constants, as Java does it (JLS 15.29): numbers and texts; anything else is
/// unknown.
final class Constants {
    private Constants() {}

    static Optional<Object> unary(Tree.Kind kind, Object value) {
        return switch (kind) {
            case UNARY_PLUS -> binary(Tree.Kind.PLUS, 0, value);
            case UNARY_MINUS ->
                    switch (value) {
                        case Double number -> Optional.of(-number);
                        case Float number -> Optional.of(-number);
                        default -> binary(Tree.Kind.MINUS, 0, value);
                    };
            default -> Optional.empty();
        };
    }

    static Optional<Object> binary(Tree.Kind kind, Object left, Object right) {
        if (kind == Tree.Kind.PLUS && (left instanceof String || right instanceof String)) {
            return Optional.of(left.toString() + right);
        }
        if (!(left instanceof Number a && right instanceof Number b)) {
            return Optional.empty();
        }
        if (a instanceof Double || b instanceof Double) {
            return doubles(kind, a.doubleValue(), b.doubleValue()).map(Object.class::cast);
        }
        if (a instanceof Float || b instanceof Float) {
            return doubles(kind, a.floatValue(), b.floatValue()).map(Double::floatValue);
        }
        Optional<Long> result = longs(kind, a.longValue(), b.longValue());
        return a instanceof Long || b instanceof Long
                ? result.map(Object.class::cast)
                : result.map(Long::intValue);
    }

    private static Optional<Double> doubles(Tree.Kind kind, double a, double b) {
        return switch (kind) {
            case PLUS -> Optional.of(a + b);
            case MINUS -> Optional.of(a - b);
            case MULTIPLY -> Optional.of(a * b);
            case DIVIDE -> Optional.of(a / b);
            default -> Optional.empty();
        };
    }

    private static Optional<Long> longs(Tree.Kind kind, long a, long b) {
        return switch (kind) {
            case PLUS -> Optional.of(a + b);
            case MINUS -> Optional.of(a - b);
            case MULTIPLY -> Optional.of(a * b);
            case DIVIDE -> b == 0 ? Optional.empty() : Optional.of(a / b);
            case REMAINDER -> b == 0 ? Optional.empty() : Optional.of(a % b);
            case LEFT_SHIFT -> shifted(a, b);
            default -> Optional.empty();
        };
    }

    /// As far as `int` and `long` give the same.
    private static Optional<Long> shifted(long a, long b) {
        if (b < 0 || b > 31) {
            return Optional.empty();
        }
        BigInteger result = BigInteger.valueOf(a).shiftLeft((int) b);
        return result.bitLength() < Integer.SIZE
                ? Optional.of(result.longValueExact())
                : Optional.empty();
    }

    /// `value` as an argument of this type, widened as javac would.
    static Optional<Object> as(Class<?> type, Object value) {
        if (!type.isPrimitive()) {
            return type.isInstance(value) ? Optional.of(value) : Optional.empty();
        }
        return switch (value) {
            case Number number when type == double.class -> Optional.of(number.doubleValue());
            case Number number when type == float.class -> Optional.of(number.floatValue());
            case Number number when type == long.class -> Optional.of(number.longValue());
            case Number number when type == int.class -> Optional.of(number.intValue());
            case Boolean flag when type == boolean.class -> Optional.of(flag);
            default -> Optional.empty();
        };
    }
}
