package dev.partita.compiler;

import dev.partita.compiler.sharding.Cause;
import dev.partita.dsl.mesh.DimSharding;
import dev.partita.dsl.problem.Origin;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A user's request to spread the batch from the first device of these axes, where weights and
/// optimizer state live.
public record DataParallelRequest(List<String> axes, Origin origin) {
    public DataParallelRequest {
        axes = List.copyOf(axes);
    }

    /// What it means for the batch while all devices compute.
    ShardRequest batch() {
        return new ShardRequest("batch", List.of(), new DimSharding(axes), toString(), origin);
    }

    /// For each of its axes why values live at one coordinate of it.
    Map<String, Cause> homes() {
        Map<String, Cause> homes = new LinkedHashMap<>();
        axes.forEach(axis -> homes.put(axis, new Cause(toString(), origin)));
        return homes;
    }

    @Override
    public String toString() {
        return "dataParallel().over(" + CompileOptions.quoted(axes) + ")";
    }
}
