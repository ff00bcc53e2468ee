package dev.partita.compiler.precision;

import dev.partita.compiler.Precision;
import dev.partita.compiler.autodiff.TrainingGraph;
import dev.partita.dsl.graph.GraphIndex;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Value;
import java.util.LinkedHashMap;
import java.util.Map;

/// Keeps gradients of weights as they were computed, where the precision says so: the gradient of a
/// weight's half copy is not widened before it is summed over micro-batches and devices, but by the
/// update that reads it. Gradients of weights that ops read in full stay full.
public final class RoundGradients {
    private RoundGradients() {}

    public static TrainingGraph run(TrainingGraph training, Precision precision) {
        if (!precision.roundsGradients()) {
            return training;
        }
        GraphIndex index = training.graph().index();
        Map<String, Value> gradients = new LinkedHashMap<>();
        Map<Value, Value> follows = new LinkedHashMap<>(training.follows());
        training.gradients()
                .forEach((name, gradient) -> {
                    Node widened = index.definition(gradient);
                    boolean rounded =
                            widened.op().equals(new Op.Cast(precision.full()))
                                    && widened.operands().getFirst().type().dtype()
                                            == precision.gradients();
                    Value kept = rounded ? widened.operands().getFirst() : gradient;
                    Value weight = follows.get(gradient);
                    if (rounded && weight != null) {
                        follows.put(kept, weight);
                    }
                    gradients.put(name, kept);
                });
        return new TrainingGraph(training.graph(), follows, gradients, training.again());
    }
}
