package dev.partita.compiler.precision;

import dev.partita.compiler.Precision;
import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.graph.GraphBuilder;
import dev.partita.dsl.graph.GraphIndex;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.tensor.Dtype;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Gives every op of a forward graph the type that [PrecisionPolicy] chooses, and casts operands
/// that have another. A value is cast once for all its readers, and belongs to the layer that made
/// it. What the graph returns is full.
///
/// It runs before differentiation: the gradient of a cast is a cast, so gradients of weights come
/// out full, and those of activations in the activations' type.
public final class MixedPrecision {
    private final Precision precision;
    private final GraphBuilder builder;
    private final Map<Value, Value> rewritten = new HashMap<>();
    private final Map<Value, Node> definitions = new HashMap<>();
    private final Map<Value, Map<Dtype, Value>> casts = new HashMap<>();

    private MixedPrecision(Graph graph, Precision precision) {
        this.precision = precision;
        this.builder = new GraphBuilder(graph.name());
    }

    public static Graph run(Graph forward, Precision precision) {
        return precision.isMixed()
                ? new MixedPrecision(forward, precision).rewrite(forward)
                : forward;
    }

    private Graph rewrite(Graph forward) {
        GraphIndex index = forward.index();
        for (Node node : forward.nodes()) {
            List<Value> operands = node.operands().stream().map(this::now).toList();
            Dtype type = type(PrecisionPolicy.of(node, index, precision), operands);
            List<Value> cast = operands.stream().map(v -> cast(v, type)).toList();
            builder.like(node);
            Node copy = builder.addAll(node.op(), cast);
            for (int i = 0; i < copy.results().size(); i++) {
                rewritten.put(node.results().get(i), copy.results().get(i));
                definitions.put(copy.results().get(i), copy);
            }
        }
        forward.outputs()
                .forEach((name, value) -> builder.output(name, cast(now(value), precision.full())));
        return builder.build();
    }

    private Dtype type(PrecisionPolicy.Choice choice, List<Value> operands) {
        return switch (choice) {
            case COMPUTE -> precision.compute();
            case FULL, ROUTER -> precision.full();
            case AS_OPERANDS ->
                    operands.stream().anyMatch(v -> v.type().dtype() == precision.full())
                            ? precision.full()
                            : precision.compute();
        };
    }

    private Value now(Value before) {
        Value value = rewritten.get(before);
        if (value == null) {
            throw new IllegalArgumentException(before + " is read before it is defined");
        }
        return value;
    }

    /// `value` in another type; integers stay as they are. Casting back what was widened gives the
    /// narrow value itself, bit for bit.
    private Value cast(Value value, Dtype to) {
        Dtype from = value.type().dtype();
        if (!from.isFloating() || from == to) {
            return value;
        }
        Node source = definition(value);
        if (source.op() instanceof Op.Cast && to == precision.compute()) {
            return source.operands().getFirst();
        }
        return casts.computeIfAbsent(value, _ -> new HashMap<>())
                .computeIfAbsent(
                        to,
                        _ -> {
                            builder.like(source);
                            Node cast = builder.addAll(new Op.Cast(to), List.of(value));
                            definitions.put(cast.result(), cast);
                            return cast.result();
                        });
    }

    private Node definition(Value value) {
        Node node = definitions.get(value);
        if (node == null) {
            throw new IllegalArgumentException(value + " is not defined");
        }
        return node;
    }
}
