package dev.partita.compiler.autodiff;

import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.graph.Printed;
import dev.partita.dsl.graph.Value;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/// A graph that knows which of its values follow others in placement.
///
/// @param follows for each gradient the value it is the gradient of, for optimizer state and new
///   weights the weight
/// @param gradients by parameter name, in the order in which backward computes them
/// @param again for each value that is a forward value computed a second time, which and for what;
///   it follows that value
public record TrainingGraph(
        Graph graph,
        Map<Value, Value> follows,
        Map<String, Value> gradients,
        Map<Value, String> again)
        implements Printed {
    public TrainingGraph {
        follows = Collections.unmodifiableMap(new LinkedHashMap<>(follows));
        gradients = Collections.unmodifiableMap(new LinkedHashMap<>(gradients));
        again = Collections.unmodifiableMap(new LinkedHashMap<>(again));
    }

    /// The same training after a rewrite in which some values have become others, of their shape,
    /// that were there before.
    public TrainingGraph with(Graph rewritten, Map<Value, Value> became) {
        Map<Value, Value> leaders = new LinkedHashMap<>();
        follows.forEach((value, leader) -> {
            if (!became.containsKey(value)) {
                leaders.put(value, became.getOrDefault(leader, leader));
            }
        });
        return new TrainingGraph(rewritten, leaders, gradients, again);
    }

    /// A forward graph, with nothing to train.
    public static TrainingGraph forwardOnly(Graph graph) {
        return new TrainingGraph(graph, Map.of(), Map.of(), Map.of());
    }

    @Override
    public String print() {
        return graph.print();
    }
}
