package dev.partita.compiler.cost;

import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Value;
import java.util.HashMap;
import java.util.Map;

/// Estimates what a node costs to run, in floating-point operations.
public final class Work {
    /// While one element moves through memory, a core multiplies and adds about this often.
    private static final long OPERATIONS_PER_ELEMENT = 16;

    private Work() {}

    public static long of(Node node) {
        return moved(node) * OPERATIONS_PER_ELEMENT
                + switch (node.op()) {
                    case Op.Einsum einsum -> contraction(einsum, node);
                    case Op.Conv2d _ -> {
                        Value weight = node.operands().get(1);
                        long outputs = weight.type().shape().size(0);
                        yield 2
                                * node.result().type().shape().elements()
                                * (weight.type().shape().elements() / outputs);
                    }
                    case Op _ -> 0;
                };
    }

    private static long moved(Node node) {
        long elements = 0;
        if (!(node.op() instanceof Op.Flatten) && !(node.op() instanceof Op.Unflatten)) {
            for (Value operand : node.operands()) {
                elements += operand.type().shape().elements();
            }
            for (Value result : node.results()) {
                elements += result.type().shape().elements();
            }
        }
        return elements;
    }

    private static long contraction(Op.Einsum einsum, Node node) {
        Map<Character, Long> sizes = new HashMap<>();
        measure(einsum.spec().left(), node.operands().get(0), sizes);
        measure(einsum.spec().right(), node.operands().get(1), sizes);
        return 2 * sizes.values().stream().reduce(1L, (a, b) -> a * b);
    }

    private static void measure(String letters, Value value, Map<Character, Long> sizes) {
        for (int i = 0; i < letters.length(); i++) {
            sizes.put(letters.charAt(i), value.type().shape().size(i));
        }
    }
}
