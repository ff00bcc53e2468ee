package dev.partita.compiler.sharding;

import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.graph.GraphIndex;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Update;
import dev.partita.dsl.graph.Value;
import java.util.List;

/// Tells weights that ops read from those that are only rounded to copies for them, as in mixed
/// precision: the latter are read by nobody but casts and the update, and are the optimizer's
/// "master" weights (Micikevicius et al. 2018, section 3.1).
public final class HalfCopies {
    private final GraphIndex index;

    public HalfCopies(Graph graph) {
        this.index = graph.index();
    }

    /// True for a weight of which ops read a copy in another type, and never itself.
    public boolean isMaster(Node node) {
        if (!(node.op() instanceof Op.Parameter)) {
            return false;
        }
        List<Node> readers =
                index.uses(node.result()).stream()
                        .filter(reader -> !(reader.op() instanceof Update))
                        .toList();
        return !readers.isEmpty()
                && readers.stream().allMatch(reader -> reader.op() instanceof Op.Cast);
    }

    /// True for a weight as ops read it: a copy, where there is one.
    public boolean isUsed(Node node) {
        return isCopy(node) || (node.op() instanceof Op.Parameter && !isMaster(node));
    }

    /// True for a copy of a weight.
    public boolean isCopy(Node node) {
        return node.op() instanceof Op.Cast
                && isMaster(index.definition(node.operands().getFirst()));
    }

    /// The same of the node that makes a value.
    public boolean isCopy(Value value) {
        return isCopy(index.definition(value));
    }
}
