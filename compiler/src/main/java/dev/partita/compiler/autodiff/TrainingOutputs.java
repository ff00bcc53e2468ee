package dev.partita.compiler.autodiff;

import dev.partita.compiler.simplify.DeadCode;
import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Update;
import dev.partita.dsl.graph.Value;
import java.util.LinkedHashMap;
import java.util.Map;

/// Chooses what a training step returns: `loss` and `gradient-norm`, and if asked for
/// `gradient/NAME` of every parameter. The prediction is not kept: a step's memory is not to hold
/// what nobody reads.
public final class TrainingOutputs {
    private TrainingOutputs() {}

    public static TrainingGraph choose(TrainingGraph training, boolean keepGradients) {
        Graph graph = training.graph();
        Map<String, Value> outputs = new LinkedHashMap<>(graph.outputs());
        outputs.remove("prediction");
        outputs.keySet().removeIf(name -> name.startsWith(Graph.NEXT_STATE));
        if (keepGradients) {
            training.gradients()
                    .forEach((name, gradient) -> outputs.put("gradient/" + name, gradient));
        }
        Graph chosen = new Graph(graph.name(), graph.nodes(), outputs);
        Graph live =
                DeadCode.run(
                        chosen,
                        n -> n.op() instanceof Update || n.op() instanceof Op.RequireFinite);
        return new TrainingGraph(live, training.follows(), training.gradients(), training.again());
    }
}
