package dev.partita.compiler.sharding;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/// How an op's dims go together, as an einsum over factors: `(b,k),(o,k)->(b,o)`. Dims of one
/// factor are sharded alike. A factor that a result lacks is summed over: sharding it leaves that
/// result partial. A dim written `-` must be whole.
///
/// @param operands per operand, per dim, its factor, or [#WHOLE]
/// @param results the same for the results
public record ShardingRule(List<List<String>> operands, List<List<String>> results) {
    /// The mark of a dim that cannot be sharded.
    public static final String WHOLE = "-";

    public ShardingRule {
        operands = operands.stream().map(List::copyOf).toList();
        results = results.stream().map(List::copyOf).toList();
    }

    /// Reads the printed form; an op without results ends in `->`.
    public static ShardingRule parse(String text) {
        String[] sides = text.split("->", -1);
        return new ShardingRule(tensors(sides[0]), tensors(sides[1]));
    }

    private static List<List<String>> tensors(String side) {
        if (side.isBlank()) {
            return List.of();
        }
        return Arrays.stream(
                        side.strip()
                                .substring(1, side.strip().length() - 1)
                                .split("\\)\\s*,\\s*\\(", -1))
                .map(inside ->
                        inside.isBlank()
                                ? List.<String>of()
                                : Arrays.stream(inside.split(",")).map(String::strip).toList())
                .toList();
    }

    /// All factors, in order of first appearance.
    public List<String> factors() {
        var all = new ArrayList<>(operands);
        all.addAll(results);
        return all.stream().flatMap(List::stream).filter(f -> !f.equals(WHOLE)).distinct().toList();
    }

    /// True if some result lacks the factor and some operand has it.
    public boolean sums(String factor) {
        return operands.stream().anyMatch(t -> t.contains(factor))
                && results.stream().anyMatch(t -> !t.contains(factor));
    }

    @Override
    public String toString() {
        return print(operands) + "->" + print(results);
    }

    private static String print(List<List<String>> tensors) {
        return tensors.stream()
                .map(t -> "(" + String.join(",", t) + ")")
                .collect(Collectors.joining(","));
    }
}
