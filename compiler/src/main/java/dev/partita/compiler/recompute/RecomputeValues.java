package dev.partita.compiler.recompute;

import dev.partita.compiler.Recompute;
import dev.partita.compiler.autodiff.TrainingGraph;
import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.problem.NearMiss;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.ToLongFunction;

/// Chooses which forward values are computed again, and lets backward do so.
public final class RecomputeValues {
    private RecomputeValues() {}

    /// Rewrites a training step.
    ///
    /// @param forward the graph that was differentiated
    /// @param peak the planned peak of a training step, in bytes of one device
    /// @throws dev.partita.dsl.problem.ProblemException `UnknownLayer` for a name that is neither
    ///   an op nor a layer, `OutOfMemory` if no choice fits
    public static TrainingGraph run(
            TrainingGraph training,
            Graph forward,
            Recompute recompute,
            ToLongFunction<TrainingGraph> peak) {
        var values = new ForwardValues(training, forward);
        return switch (recompute) {
            case Recompute.None _ -> training;
            case Recompute.Full _ -> {
                List<Node> borders = Blocks.borders(forward, 1);
                yield ComputeAgain.run(values, values.kept(borders, blocks(forward, borders)));
            }
            case Recompute.Selective selective ->
                    ComputeAgain.run(
                            values,
                            values.kept(
                                    List.of(),
                                    selective.names().isEmpty()
                                            ? cheap(values)
                                            : named(forward, selective)));
            case Recompute.Within within -> FitMemory.run(values, within, peak);
        };
    }

    /// Everything between the borders, up to the last of them, that is worth it: a vector, such as
    /// the statistics of a batch norm, takes little memory, and a collective to compute again; what
    /// weights alone determine, such as their copies in half precision, is one for all
    /// micro-batches.
    static Set<Node> blocks(Graph forward, List<Node> borders) {
        int end = borders.isEmpty() ? 0 : forward.nodes().indexOf(borders.getLast());
        Set<Node> between = new HashSet<>(forward.nodes().subList(0, end));
        borders.forEach(between::remove);
        Set<Value> ofExamples = Blocks.ofExamples(forward);
        between.removeIf(node -> node.results().stream().allMatch(RecomputeValues::isVector));
        between.removeIf(node -> node.results().stream().noneMatch(ofExamples::contains));
        return between;
    }

    /// What backward reads of softmax, and of all that runs again without a contraction.
    private static Set<Node> cheap(ForwardValues values) {
        Set<Node> found = new HashSet<>();
        for (Node node : values.forward().nodes()) {
            List<Value> saved = values.savedBy(node);
            if (!saved.stream().allMatch(RecomputeValues::isVector)) {
                Set<Value> others = values.kept(List.of(), Set.of(node));
                boolean light =
                        values.chain(saved.getFirst(), others).stream()
                                .noneMatch(n ->
                                        n.op() instanceof Op.Einsum || n.op() instanceof Op.Conv2d);
                if (light || node.op() instanceof Op.Softmax) {
                    found.add(node);
                }
            }
        }
        return found;
    }

    private static boolean isVector(Value value) {
        return value.type().shape().rank() <= 1;
    }

    private static Set<Node> named(Graph forward, Recompute.Selective selective) {
        Set<Node> found = new HashSet<>();
        for (String name : selective.names()) {
            List<Node> nodes =
                    forward.nodes().stream()
                            .filter(n -> !(n.op() instanceof Op.Leaf))
                            .filter(n -> name.equals(kind(n)) || name.equals(n.layer()))
                            .toList();
            if (nodes.isEmpty()) {
                throw unknown(forward, selective, name);
            }
            found.addAll(nodes);
        }
        return found;
    }

    /// The first word of a printed op.
    private static String kind(Node node) {
        return node.op().toString().split(" ", 2)[0];
    }

    private static RuntimeException unknown(
            Graph forward, Recompute.Selective selective, String name) {
        Set<String> names = new TreeSet<>();
        forward.nodes().stream()
                .filter(n -> !(n.op() instanceof Op.Leaf))
                .forEach(n -> {
                    names.add(kind(n));
                    names.add(n.layer());
                });
        names.remove("");
        return Problem.of(
                        ProblemCode.UNKNOWN_LAYER,
                        "The model has no op and no layer to compute again by this name.")
                .fact("name", name)
                .fix(NearMiss.fix(name, names, "name"))
                .at(selective.origin())
                .exception();
    }
}
