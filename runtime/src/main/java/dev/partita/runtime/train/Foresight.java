package dev.partita.runtime.train;

import dev.partita.dsl.graph.AttentionOp;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.layer.Model;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.runtime.data.Examples;
import dev.partita.runtime.data.TextDataset;
import java.util.Optional;

/// Whether a model sees what it is to foretell. One whose attention is not causal reads the next
/// token instead of learning it: its loss falls to nothing, and it has learnt nothing.
public final class Foresight {
    private Foresight() {}

    /// True if a position of the model sees later ones.
    public static boolean of(Model model) {
        return first(model).isPresent();
    }

    /// The attention by which it does.
    private static Optional<Node> first(Model model) {
        return model.trace(1, Dtype.F32, false).nodes().stream()
                .filter(node ->
                        node.op() instanceof AttentionOp.Attention attention && !attention.causal())
                .findFirst();
    }

    /// @throws dev.partita.dsl.problem.ProblemException `Unsupported` if the labels are the next
    ///   tokens of a text and the model sees them
    static void refuse(Model model, Examples examples) {
        if (!(examples instanceof TextDataset text) || text.isHidden()) {
            return;
        }
        first(model)
                .ifPresent(node -> {
                    throw Problem.of(
                                    ProblemCode.UNSUPPORTED,
                                    "Every position sees the next token, which it is to foretell.")
                            .fact("attention", node.layer())
                            .fact("labels", "the token after each")
                            .fix(
                                    "attention(…).causal(), or a text of which tokens are hidden: text(…).hidden()")
                            .at(node.origin())
                            .exception();
                });
    }
}
