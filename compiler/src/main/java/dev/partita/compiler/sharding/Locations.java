package dev.partita.compiler.sharding;

import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.mesh.Coordinate;
import dev.partita.dsl.mesh.Mesh;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// At which coordinates alone each value of a graph lives, as the graph's relocations say. An op is
/// computed where its operands live, and one that lives on more devices than another is there too;
/// a value that comes from outside lives where all its readers compute.
final class Locations {
    private final Mesh mesh;
    private final Map<Value, List<Coordinate>> at = new HashMap<>();
    private final Map<Value, List<Coordinate>> read = new HashMap<>();

    private Locations(Mesh mesh) {
        this.mesh = mesh;
    }

    /// The coordinates of every value; none for one that lives everywhere. Axes of one device do
    /// not count.
    ///
    /// @throws IllegalArgumentException if an op would be computed at two coordinates of one axis,
    ///   or a value is taken from where it is not
    static Map<Value, List<Coordinate>> of(Graph graph, Mesh mesh) {
        var locations = new Locations(mesh);
        graph.nodes().forEach(locations::locate);
        locations.read.forEach(locations.at::putIfAbsent);
        return locations.at;
    }

    private void locate(Node node) {
        switch (node.op()) {
            case Op.Leaf _ -> {}
            case Reshard.Relocate(var from, var to) -> {
                Value moved = node.operands().getFirst();
                List<Coordinate> source = real(from);
                if (!at.computeIfAbsent(moved, _ -> source).equals(source)) {
                    throw new IllegalArgumentException(node + " takes what is at " + at.get(moved));
                }
                at.put(node.result(), real(to));
            }
            case Op _ -> {
                List<Coordinate> here =
                        together(
                                node.operands().stream()
                                        .flatMap(v -> at.getOrDefault(v, List.of()).stream())
                                        .toList());
                node.results().forEach(result -> at.put(result, here));
                node.operands().forEach(operand -> read.merge(operand, here, Locations::common));
            }
        }
    }

    private List<Coordinate> real(List<Coordinate> coordinates) {
        return coordinates.stream().filter(c -> mesh.size(c.axis()) > 1).toList();
    }

    private static List<Coordinate> common(List<Coordinate> a, List<Coordinate> b) {
        return a.stream().filter(b::contains).toList();
    }

    /// Where all of these hold.
    ///
    /// @throws IllegalArgumentException if that is nowhere
    static List<Coordinate> together(Collection<Coordinate> coordinates) {
        List<Coordinate> all = new ArrayList<>(new LinkedHashSet<>(coordinates));
        for (Coordinate one : all) {
            Optional<Coordinate> other =
                    all.stream()
                            .filter(c -> c.axis().equals(one.axis()) && !c.equals(one))
                            .findFirst();
            if (other.isPresent()) {
                throw new IllegalArgumentException(
                        "an op at " + one + " and at " + other.orElseThrow());
            }
        }
        return all.stream().sorted().toList();
    }
}
