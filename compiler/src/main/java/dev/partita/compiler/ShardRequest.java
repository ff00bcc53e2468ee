package dev.partita.compiler;

import static dev.partita.compiler.CompileOptions.quoted;

import dev.partita.dsl.mesh.DimSharding;
import dev.partita.dsl.problem.Origin;
import java.util.List;

/// A user's request: dims named `dim`, in results of `layers` or everywhere if there are none, are
/// split over `axes`.
///
/// @param words what the user wrote
public record ShardRequest(
        String dim, List<String> layers, DimSharding sharding, String words, Origin origin) {
    public ShardRequest {
        layers = List.copyOf(layers);
    }

    public List<String> axes() {
        return sharding.axes();
    }

    static ShardRequest of(String dim, List<String> layers, DimSharding sharding, Origin origin) {
        String where = layers.isEmpty() ? "" : ".at(" + quoted(layers) + ")";
        String deal = sharding.balanced() ? ".balanced()" : "";
        String over = ".over(" + quoted(sharding.axes()) + ")";
        String words = "shard(\"" + dim + "\")" + where + deal + over;
        return new ShardRequest(dim, layers, sharding, words, origin);
    }

    /// True if `other` splits the same dim everywhere over these axes, and maybe more.
    boolean isWithin(ShardRequest other) {
        return other.dim.equals(dim) && other.layers.isEmpty() && other.axes().containsAll(axes());
    }

    @Override
    public String toString() {
        return words;
    }
}
