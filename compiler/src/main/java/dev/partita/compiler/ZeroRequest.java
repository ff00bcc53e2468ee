package dev.partita.compiler;

import dev.partita.dsl.problem.Origin;
import java.util.List;

/// A user's request to split optimizer state, from stage 2 gradients and from stage 3 weights over
/// `axes`.
public record ZeroRequest(int stage, List<String> axes, Origin origin) {
    public ZeroRequest {
        axes = List.copyOf(axes);
    }

    @Override
    public String toString() {
        return "zero(" + stage + ").over(" + CompileOptions.quoted(axes) + ")";
    }
}
