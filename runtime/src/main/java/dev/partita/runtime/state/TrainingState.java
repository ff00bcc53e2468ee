package dev.partita.runtime.state;

import dev.partita.compiler.Compilation;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// All that a training needs to go on elsewhere.
///
/// @param best the best test so far
/// @param bestTensors weights and running averages as they were then, by name
/// @param vocabulary the characters that tokens are, in order, if it learns a text
/// @param devices what each device holds; a block that several hold is written once
public record TrainingState(
        Compilation compilation,
        TrainingPoint point,
        Optional<BestTest> best,
        Map<String, HostTensor> bestTensors,
        Optional<String> vocabulary,
        List<List<NamedBlock>> devices) {
    public TrainingState {
        bestTensors = Map.copyOf(bestTensors);
        devices = devices.stream().map(List::copyOf).toList();
    }

    StoredModel model() {
        return StoredModel.of(compilation.model());
    }

    StoredStrategy strategy() {
        return StoredStrategy.of(compilation.options());
    }
}
