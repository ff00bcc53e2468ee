package dev.partita.compiler.processor;

import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.mesh.DimSharding;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.mesh.Placement;
import dev.partita.dsl.tensor.Dim;
import dev.partita.dsl.tensor.Dtype;
import java.util.List;

/// Checks what a declaration shards before anything runs: the axes and dims exist, and each dim
/// divides over its axes.
final class ShardCheck {
    private ShardCheck() {}

    /// @throws Place.Misplaced the first Problem
    static void check(Declaration declaration) {
        Graph graph =
                declaration
                        .place()
                        .say(() ->
                                declaration
                                        .model()
                                        .given()
                                        .trace(declaration.settings().batch(), Dtype.F32, true));
        List<Dim> dims =
                graph.nodes().stream()
                        .flatMap(node -> node.results().stream())
                        .flatMap(value -> value.type().shape().dims().stream())
                        .distinct()
                        .toList();
        for (Declaration.Shard shard : declaration.shards()) {
            check(declaration, shard, dims);
        }
    }

    private static void check(Declaration declaration, Declaration.Shard shard, List<Dim> dims) {
        Mesh mesh = declaration.mesh().given();
        String name = shard.asked().dim();
        var sharding = DimSharding.over(shard.asked().over());
        int parts = shard.place().member("over").say(() -> mesh.size(sharding.axes()));
        List<Dim> named = dims.stream().filter(dim -> dim.name().equals(name)).toList();
        if (named.isEmpty()) {
            throw shard.place()
                    .member("dim")
                    .misplaced(Dim.unknown(name, dims.stream().map(Dim::name).distinct().toList()));
        }
        for (Dim dim : named) {
            if (dim.size() % parts != 0) {
                Place size = declaration.sizes().getOrDefault(name, shard.place().member("dim"));
                throw size.misplaced(Placement.indivisible(dim, sharding, mesh));
            }
        }
    }
}
