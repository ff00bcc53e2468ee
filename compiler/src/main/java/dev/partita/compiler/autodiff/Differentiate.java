package dev.partita.compiler.autodiff;

import dev.partita.dsl.graph.Elementwise;
import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.graph.GraphBuilder;
import dev.partita.dsl.graph.GraphIndex;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Value;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Reverse-mode differentiation: appends to a graph the gradient of its output `loss` for every
/// parameter (Griewank and Walther 2008, chapter 3). Only what leads to a parameter is computed.
public final class Differentiate {
    private final GraphBuilder builder;
    private final Map<Value, Value> gradientOf = new LinkedHashMap<>();
    private final Map<Value, Value> follows = new LinkedHashMap<>();

    private Differentiate(GraphBuilder builder) {
        this.builder = builder;
    }

    public static TrainingGraph run(Graph forward) {
        return run(forward, new Op.Constant(1, forward.output("loss").type()));
    }

    /// The same with all gradients multiplied by a number.
    ///
    /// @param seed a scalar of the loss's type: the gradient of the loss
    public static TrainingGraph run(Graph forward, Op.Leaf seed) {
        return new Differentiate(GraphBuilder.continuing(forward)).differentiate(forward, seed);
    }

    private TrainingGraph differentiate(Graph forward, Op.Leaf seed) {
        Set<Value> trained = trained(forward);
        GraphIndex index = forward.index();
        Value loss = forward.output("loss");
        builder.like(index.definition(loss));
        gradientOf.put(loss, builder.add(seed));
        for (Node node : forward.nodes().reversed()) {
            Value dy = node.results().isEmpty() ? null : gradientOf.get(node.results().getFirst());
            if (dy != null) {
                builder.like(node);
                List<@Nullable Supplier<Value>> rules = GradientRules.of(node, dy, builder);
                for (int i = 0; i < node.operands().size() && i < rules.size(); i++) {
                    Supplier<Value> rule = rules.get(i);
                    if (rule != null && trained.contains(node.operands().get(i))) {
                        accumulate(node.operands().get(i), rule.get());
                    }
                }
            }
        }
        Map<String, Value> gradients = new LinkedHashMap<>();
        gradientOf.forEach((value, gradient) -> {
            if (index.definition(value).op() instanceof Op.Parameter parameter) {
                gradients.put(parameter.name(), gradient);
            }
        });
        return new TrainingGraph(builder.build(), follows, gradients, Map.of());
    }

    /// The parameters and everything computed from them, but for helpers such as a count of
    /// choices.
    private static Set<Value> trained(Graph forward) {
        Set<Value> trained = new HashSet<>();
        for (Node node : forward.nodes()) {
            if (node.op() instanceof Op.Parameter
                    || node.operands().stream().anyMatch(trained::contains)) {
                node.results().stream().findFirst().ifPresent(trained::add);
            }
        }
        return trained;
    }

    /// A value read several times has the sum of the gradients of its uses.
    private void accumulate(Value value, Value gradient) {
        Value before = gradientOf.remove(value);
        Value sum =
                before == null ? gradient : builder.add(new Elementwise.Add(), before, gradient);
        gradientOf.put(value, sum);
        follows.putIfAbsent(gradient, value);
        follows.putIfAbsent(sum, value);
    }
}
