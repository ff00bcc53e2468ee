package dev.partita.compiler.sharding;

import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.graph.Node;
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
import java.util.stream.Stream;

/// At which coordinates alone each value of a graph lives, as the graph's relocations say. An op is
/// computed where its operands live, and what lives on more devices than another is there too. What
/// hangs on no relocation, such as what comes from outside and numbers made of that, lives where
/// all that read it compute; and what nobody reads, where its operands live.
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
        graph.nodes().forEach(locations::byOperands);
        graph.nodes().reversed().forEach(locations::byReaders);
        graph.nodes().forEach(locations::rest);
        return locations.at;
    }

    private void byOperands(Node node) {
        if (node.op() instanceof Reshard.Relocate(var from, var to)) {
            Value moved = node.operands().getFirst();
            List<Coordinate> source = real(from);
            if (!at.computeIfAbsent(moved, _ -> source).equals(source)) {
                throw new IllegalArgumentException(node + " takes what is at " + at.get(moved));
            }
            at.put(node.result(), real(to));
        } else if (node.operands().stream().anyMatch(at::containsKey)) {
            put(node, here(node));
        }
    }

    private void byReaders(Node node) {
        if (node.op() instanceof Reshard.Relocate(var from, var _)) {
            read.merge(node.operands().getFirst(), real(from), Locations::common);
            return;
        }
        boolean placed = node.operands().stream().anyMatch(at::containsKey);
        if (!placed && node.results().stream().anyMatch(read::containsKey)) {
            node.results().stream()
                    .flatMap(result -> Stream.ofNullable(read.get(result)))
                    .reduce(Locations::common)
                    .ifPresent(here -> put(node, here));
            placed = true;
        }
        if (placed) {
            List<Coordinate> here =
                    node.results().isEmpty() ? here(node) : at(node.results().getFirst());
            node.operands().forEach(operand -> read.merge(operand, here, Locations::common));
        }
    }

    private void rest(Node node) {
        if (node.results().stream().anyMatch(result -> !at.containsKey(result))) {
            put(node, here(node));
        }
    }

    private void put(Node node, List<Coordinate> here) {
        node.results().forEach(result -> at.putIfAbsent(result, here));
    }

    private List<Coordinate> here(Node node) {
        return together(node.operands().stream().flatMap(operand -> at(operand).stream()).toList());
    }

    private List<Coordinate> at(Value value) {
        return at.getOrDefault(value, List.of());
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
