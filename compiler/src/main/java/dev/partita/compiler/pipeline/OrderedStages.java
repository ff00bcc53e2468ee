package dev.partita.compiler.pipeline;

import dev.partita.compiler.autodiff.TrainingGraph;
import dev.partita.dsl.graph.Printed;
import dev.partita.dsl.graph.Value;
import java.util.Map;

/// A training graph in the order of a schedule.
///
/// @param actions for each value that an action of the schedule computes, which; none without
///   stages
public record OrderedStages(TrainingGraph training, Map<Value, String> actions) implements Printed {
    @Override
    public String print() {
        return training.print();
    }
}
