package dev.partita.compiler.partition;

import dev.partita.compiler.sharding.ShardedGraph;
import dev.partita.compiler.sharding.ShardingRule;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.mesh.DimSharding;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Decides over which axes each factor of an op is computed, from how its operands lie and how its
/// result is to lie.
///
/// Where two factors want one axis, the first of these wins: a factor that is summed over and
/// sharded so in all operands (the sum stays pending, nothing moves before); a factor that an
/// operand and a result have sharded so; one that an operand has; one that only the result wants.
/// If that does not decide, the placement is ambiguous and the user is asked.
final class FactorAxes {
    private final Node node;
    private final ShardingRule rule;
    private final ShardedGraph sharded;
    private final Map<String, DimSharding> axes = new LinkedHashMap<>();

    private FactorAxes(Node node, ShardingRule rule, ShardedGraph sharded) {
        this.node = node;
        this.rule = rule;
        this.sharded = sharded;
    }

    /// How each factor is split; one computed whole is not.
    static Map<String, DimSharding> of(Node node, ShardingRule rule, ShardedGraph sharded) {
        return new FactorAxes(node, rule, sharded).decide();
    }

    private Map<String, DimSharding> decide() {
        for (String factor : rule.factors()) {
            axes.put(factor, divisible(factor, candidate(factor)));
        }
        for (String axis : sharded.mesh().axisNames()) {
            List<String> rivals =
                    rule.factors().stream().filter(f -> axesOf(f).contains(axis)).toList();
            if (rivals.size() > 1) {
                settle(axis, rivals);
            }
        }
        return axes;
    }

    /// What the operands have: among different ones the finest of which all others are beginnings,
    /// since cutting further costs nothing; else the one that a result wants. If no operand has
    /// any, what a result wants.
    private DimSharding candidate(String factor) {
        List<DimSharding> has = shardings(node.operands(), rule.operands(), factor);
        List<DimSharding> wants = shardings(node.results(), rule.results(), factor);
        has.removeIf(DimSharding::isWhole);
        wants.removeIf(DimSharding::isWhole);
        return finest(has)
                .or(() -> has.stream().filter(wants::contains).findFirst())
                .or(() -> has.stream().findFirst())
                .or(() -> wants.stream().findFirst())
                .orElse(DimSharding.WHOLE);
    }

    private static Optional<DimSharding> finest(List<DimSharding> shardings) {
        return shardings.stream()
                .max(Comparator.comparingInt(s -> s.axes().size()))
                .filter(longest ->
                        shardings.stream().allMatch(s -> longest.first(s.axes().size()).equals(s)));
    }

    private List<DimSharding> shardings(
            List<Value> values, List<List<String>> factors, String factor) {
        List<DimSharding> found = new ArrayList<>();
        for (int i = 0; i < values.size(); i++) {
            int dim = factors.get(i).indexOf(factor);
            if (dim >= 0) {
                found.add(sharded.placement(values.get(i)).dim(dim));
            }
        }
        return found;
    }

    private List<String> axesOf(String factor) {
        return axes.getOrDefault(factor, DimSharding.WHOLE).axes();
    }

    /// The longest beginning of `wanted` that divides every dim of the factor.
    private DimSharding divisible(String factor, DimSharding wanted) {
        List<Value> values = new ArrayList<>(node.operands());
        values.addAll(node.results());
        List<List<String>> factors = new ArrayList<>(rule.operands());
        factors.addAll(rule.results());
        for (int length = wanted.axes().size(); length > 0; length--) {
            int parts = wanted.first(length).stretches(sharded.mesh());
            boolean divides = true;
            for (int i = 0; i < values.size(); i++) {
                int dim = factors.get(i).indexOf(factor);
                divides &= dim < 0 || values.get(i).type().shape().size(dim) % parts == 0;
            }
            if (divides) {
                return wanted.first(length);
            }
        }
        return DimSharding.WHOLE;
    }

    private void settle(String axis, List<String> rivals) {
        int best = rivals.stream().mapToInt(f -> priority(f, axis)).min().orElseThrow();
        List<String> winners = rivals.stream().filter(f -> priority(f, axis) == best).toList();
        if (winners.size() > 1) {
            throw ambiguous(axis, winners);
        }
        for (String factor : rivals) {
            if (!factor.equals(winners.getFirst())) {
                DimSharding had = axes.getOrDefault(factor, DimSharding.WHOLE);
                axes.put(factor, had.first(had.axes().indexOf(axis)));
            }
        }
    }

    private int priority(String factor, String axis) {
        List<DimSharding> operands = shardings(node.operands(), rule.operands(), factor);
        boolean inAll = operands.stream().allMatch(s -> s.axes().contains(axis));
        boolean inSome = operands.stream().anyMatch(s -> s.axes().contains(axis));
        boolean inResult =
                shardings(node.results(), rule.results(), factor).stream()
                        .anyMatch(s -> s.axes().contains(axis));
        if (inAll && rule.sums(factor)) {
            return 0;
        }
        return inSome ? (inResult ? 1 : 2) : 3;
    }

    private RuntimeException ambiguous(String axis, List<String> factors) {
        Problem problem =
                Problem.of(
                                ProblemCode.AMBIGUOUS_PLACEMENT,
                                "An op's operands are sharded over one axis in two ways.")
                        .fact("op", node)
                        .fact("axis", axis);
        for (int i = 0; i < node.operands().size(); i++) {
            Value operand = node.operands().get(i);
            problem = problem.fact("operand " + operand, sharded.explain(operand));
        }
        for (String factor : factors) {
            String dim = "";
            long bytes = 0;
            for (int i = 0; i < node.operands().size(); i++) {
                Value operand = node.operands().get(i);
                int at = rule.operands().get(i).indexOf(factor);
                if (at >= 0) {
                    dim = operand.type().shape().dim(at).name();
                } else if (sharded.placement(operand).shards(axis)) {
                    bytes += received(operand, axis);
                }
            }
            problem =
                    problem.fact(
                            "split by " + dim,
                            "a device receives %,d bytes each time".formatted(bytes));
        }
        return problem.fix("shard one of the two over another axis, or drop it")
                .at(node.origin())
                .exception();
    }

    /// What a device lacks of an operand's blocks along an axis.
    private long received(Value operand, String axis) {
        long block = sharded.placement(operand).local(operand.type(), sharded.mesh()).bytes();
        return block * (sharded.mesh().axis(axis).size() - 1);
    }
}
