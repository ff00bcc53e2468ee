package dev.partita.runtime.state;

import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.layer.ModelInput;
import dev.partita.dsl.tensor.Dtype;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// What is remembered of a model: enough to tell it from another one whose weights have the same
/// shapes.
///
/// @param sequence tokens of an example, if it reads tokens: weights need not tell
/// @param ops what its forward pass computes, without sizes: in order, each with its layer
record StoredModel(String name, @Nullable Long sequence, List<String> ops) {
    StoredModel {
        Objects.requireNonNull(name);
        ops = List.copyOf(ops);
    }

    static StoredModel of(Model model) {
        return new StoredModel(
                model.name(),
                model.input().word() instanceof ModelInput.Tokens tokens ? tokens.length() : null,
                model.trace(1, Dtype.F32, false).nodes().stream()
                        .filter(node -> !(node.op() instanceof Op.Leaf))
                        .map(StoredModel::describe)
                        .toList());
    }

    private static String describe(Node node) {
        return node.layer() + ": " + node.op();
    }
}
