package dev.partita.compiler;

import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.mesh.Placement;
import dev.partita.dsl.problem.NearMiss;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.tensor.TensorType;
import java.util.List;

/// A weight of a plan, by its name.
public record PlannedWeight(Compilation compilation, String name) {
    /// The type of the whole weight.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `UnknownLayer`, with the near miss, where
    ///   the plan has no such weight
    public TensorType type() {
        return node().result().type();
    }

    /// How it lies on the devices.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException as [#type]
    public Placement placement() {
        return compilation.sharded().placement(node().result());
    }

    /// Why it lies so, and which collectives are about it.
    public String explain() {
        return compilation.explain(name);
    }

    private Node node() {
        List<Node> weights =
                compilation.sharded().training().graph().nodesOf(Op.Parameter.class).toList();
        return weights.stream()
                .filter(node -> nameOf(node).equals(name))
                .findFirst()
                .orElseThrow(() ->
                        Problem.of(
                                        ProblemCode.UNKNOWN_LAYER,
                                        "The plan has no weight \"" + name + "\".")
                                .fix(
                                        NearMiss.fix(
                                                name,
                                                weights.stream()
                                                        .map(PlannedWeight::nameOf)
                                                        .toList(),
                                                "weight"))
                                .exception());
    }

    private static String nameOf(Node node) {
        return ((Op.Parameter) node.op()).name();
    }

    @Override
    public String toString() {
        return "%s %s %s".formatted(name, type(), placement());
    }
}
