package dev.partita.compiler.sharding;

import dev.partita.compiler.autodiff.TrainingGraph;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Printed;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.mesh.Coordinate;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.mesh.Placement;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// A training graph with a placement for every value: where the value is to lie once it is
/// complete.
///
/// @param causes for each value, per sharded dim (by position), why; under [#LOCATION], why it
///   lives at some coordinates only
public record ShardedGraph(
        TrainingGraph training,
        Mesh mesh,
        Map<Value, Placement> placements,
        Map<Value, Map<Integer, Cause>> causes)
        implements Printed {
    /// Takes the place of a dim's position where the cause is that of a location.
    public static final int LOCATION = -1;

    public ShardedGraph {
        placements = Collections.unmodifiableMap(new LinkedHashMap<>(placements));
        causes = Collections.unmodifiableMap(new LinkedHashMap<>(causes));
    }

    public Placement placement(Value value) {
        Placement placement = placements.get(value);
        if (placement == null) {
            throw new IllegalArgumentException("no placement for " + value);
        }
        return placement;
    }

    /// At which coordinates alone a node is computed: where its operands and results live.
    public List<Coordinate> location(Node node) {
        return Locations.together(
                Stream.concat(node.operands().stream(), node.results().stream())
                        .flatMap(value -> placement(value).at().stream())
                        .toList());
    }

    /// The graph with each value's placement, and the cause of every sharded dim.
    @Override
    public String print() {
        var text =
                new StringBuilder(
                        "sharded graph " + training.graph().name() + " on " + mesh + "\n");
        for (Node node : training.graph().nodes()) {
            text.append("  ").append(node).append('\n');
            for (Value result : node.results()) {
                if (!placement(result).isReplicated()) {
                    text.append("      ")
                            .append(result)
                            .append(' ')
                            .append(explain(result))
                            .append('\n');
                }
            }
        }
        return text.toString();
    }

    /// The placement of a value and why: `[{data}, {tensor}] batch because ...; hidden because
    /// ...`.
    public String explain(Value value) {
        return (placement(value) + " " + String.join("; ", reasons(value))).strip();
    }

    /// For each sharded dim of a value why it is: `batch because ...`; and `at data=0 because ...`.
    public List<String> reasons(Value value) {
        List<String> reasons = new ArrayList<>();
        causes.getOrDefault(value, Map.of())
                .forEach((dim, cause) -> reasons.add(what(value, dim) + " because " + cause));
        return reasons;
    }

    private String what(Value value, int dim) {
        return dim == LOCATION
                ? placement(value).at().stream()
                        .map(Coordinate::toString)
                        .collect(Collectors.joining(", ", "at ", ""))
                : value.type().shape().dim(dim).name();
    }
}
