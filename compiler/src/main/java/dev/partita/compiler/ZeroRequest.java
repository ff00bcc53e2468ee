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

    /// A request that still lacks its axes.
    public record Words(CompileOptions options, int stage) {
        /// Splits over these axes, which must carry data parallelism.
        ///
        /// @throws dev.partita.dsl.problem.ProblemException `UnknownAxis`, with the near miss;
        ///   `InvalidArgument` without an axis
        public CompileOptions over(String... axes) {
            options.requireAxes(axes, "ZeRO splits", "zero(" + stage + ")");
            return options.zero(new ZeroRequest(stage, List.of(axes), Origin.here()));
        }
    }
}
