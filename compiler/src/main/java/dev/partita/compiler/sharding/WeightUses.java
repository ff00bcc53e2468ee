package dev.partita.compiler.sharding;

import dev.partita.compiler.ShardRequest;
import dev.partita.dsl.graph.GraphIndex;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.mesh.DimSharding;
import dev.partita.dsl.mesh.Placement;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// A weight with several uses, such as the table of a tied language model, lies in one way. Where
/// two uses would have it split differently, and no request names a dim of it, the user is asked:
/// one of the two would have to bring it there in every step.
final class WeightUses {
    private final ShardedGraph sharded;
    private final GraphIndex index;
    private final Choices choices;

    private WeightUses(ShardedGraph sharded, Choices choices) {
        this.sharded = sharded;
        this.index = sharded.training().graph().index();
        this.choices = choices;
    }

    /// How a use would have the weight split, and the dim of another value from which that follows.
    private record Use(Node node, List<DimSharding> dims, String because) {
        /// True if a weight can lie as both would have it: over other axes each, or in finer blocks
        /// of the same.
        boolean agreesWith(Use other) {
            for (int i = 0; i < dims.size(); i++) {
                for (int j = 0; j < dims.size(); j++) {
                    DimSharding here = dims.get(i);
                    DimSharding there = other.dims.get(j);
                    int shared = Math.min(here.axes().size(), there.axes().size());
                    boolean agree =
                            i == j
                                    ? here.first(shared).equals(there.first(shared))
                                    : here.axes().stream().noneMatch(there.axes()::contains);
                    if (!agree) {
                        return false;
                    }
                }
            }
            return true;
        }
    }

    /// Checks all weights but those that the user placed.
    ///
    /// @throws ProblemException `WeightShardedTwice`, with the ways in which the weight can lie and
    ///   the price of each
    static void require(ShardedGraph sharded, Set<Value> placed, Choices choices) {
        var uses = new WeightUses(sharded, choices);
        sharded.training()
                .graph()
                .nodesOf(Op.Parameter.class)
                .filter(node -> !placed.contains(node.result()))
                .forEach(uses::require);
    }

    private void require(Node weight) {
        List<Use> uses = new ArrayList<>();
        collect(weight.result(), uses);
        for (Use use : uses) {
            if (!use.agreesWith(uses.getFirst())) {
                throw differ(weight, uses.getFirst(), use);
            }
        }
    }

    /// The forward uses of a weight, or of what is but another form of it.
    private void collect(Value value, List<Use> uses) {
        for (Node node : index.uses(value)) {
            boolean form =
                    node.op() instanceof Op.Cast
                            || node.op() instanceof Op.Border
                            || node.op() instanceof Reshard.Relocate;
            boolean own =
                    node.results().stream().noneMatch(sharded.training().follows()::containsKey);
            if (form) {
                collect(node.result(), uses);
            } else if (own) {
                uses.add(use(node, value));
            }
        }
    }

    private Use use(Node node, Value weight) {
        ShardingRule rule = ShardingRules.of(node);
        List<DimSharding> dims = new ArrayList<>();
        List<String> because = new ArrayList<>();
        for (String factor : rule.operands().get(node.operands().indexOf(weight))) {
            List<Value> split = split(node, rule, factor, weight);
            List<DimSharding> known =
                    split.stream().map(v -> dim(node, rule, v, factor)).distinct().toList();
            dims.add(known.size() == 1 ? known.getFirst() : DimSharding.WHOLE);
            if (known.size() == 1) {
                because.add(split.getFirst() + " lies " + sharded.explain(split.getFirst()));
            }
        }
        return new Use(node, dims, String.join("\n", because));
    }

    /// The other values of an op of which this factor is split.
    private List<Value> split(Node node, ShardingRule rule, String factor, Value weight) {
        List<Value> values = new ArrayList<>(node.operands());
        values.addAll(node.results());
        return values.stream()
                .filter(v -> !v.equals(weight) && !factor.equals(ShardingRule.WHOLE))
                .filter(v -> !dim(node, rule, v, factor).isWhole())
                .toList();
    }

    private DimSharding dim(Node node, ShardingRule rule, Value value, String factor) {
        int operand = node.operands().indexOf(value);
        List<String> factors =
                operand >= 0
                        ? rule.operands().get(operand)
                        : rule.results().get(node.results().indexOf(value));
        int dim = factors.indexOf(factor);
        return dim < 0 ? DimSharding.WHOLE : sharded.placement(value).dim(dim);
    }

    private ProblemException differ(Node weight, Use first, Use second) {
        Problem problem =
                Problem.of(
                                ProblemCode.WEIGHT_SHARDED_TWICE,
                                "Two uses of a weight would have it split differently, and nothing says which it is.")
                        .fact("weight", weight);
        for (Use use : List.of(first, second)) {
            problem =
                    problem.fact("use", use.node() + ", " + use.node().origin())
                            .fact("wants", Placement.of(use.dims()) + " for " + use.because());
        }
        for (Use use : List.of(first, second)) {
            for (int i = 0; i < use.dims().size(); i++) {
                if (!use.dims().get(i).isWhole()) {
                    String dim = weight.result().type().shape().dim(i).name();
                    problem =
                            choices.with(
                                    problem,
                                    ShardRequest.of(
                                            dim, List.of(), use.dims().get(i), weight.origin()));
                }
            }
        }
        return problem.fix("say how the weight lies in one of these ways, or shard one use alike")
                .at(second.node().origin())
                .exception();
    }
}
