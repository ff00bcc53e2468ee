package dev.partita.dsl.graph;

import dev.partita.dsl.problem.Origin;
import java.util.List;
import java.util.stream.Collectors;

/// One op applied to values.
///
/// @param layer name of the user's layer this belongs to, or empty
/// @param origin the line of the user's program that asked for it
public record Node(Op op, List<Value> operands, List<Value> results, String layer, Origin origin) {
    public Node {
        operands = List.copyOf(operands);
        results = List.copyOf(results);
    }

    /// The node without what [Wide] adds to its op.
    public Node inside() {
        return new Node(Wide.inside(op), operands, results, layer, origin);
    }

    /// The only result.
    public Value result() {
        if (results.size() != 1) {
            throw new IllegalStateException(op + " has " + results.size() + " results");
        }
        return results.getFirst();
    }

    /// Prints `%3 = einsum bk,ok->bo %1 %2 : f32[batch=32, hidden=64]`.
    @Override
    public String toString() {
        String defined = results.stream().map(Value::toString).collect(Collectors.joining(", "));
        String read = operands.stream().map(v -> " " + v).collect(Collectors.joining());
        String types =
                results.stream().map(v -> v.type().toString()).collect(Collectors.joining(", "));
        return (defined.isEmpty() ? "" : defined + " = ")
                + op
                + read
                + (types.isEmpty() ? "" : " : " + types);
    }
}
