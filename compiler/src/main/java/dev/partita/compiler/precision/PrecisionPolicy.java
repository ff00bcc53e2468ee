package dev.partita.compiler.precision;

import dev.partita.compiler.Precision;
import dev.partita.dsl.graph.AttentionOp;
import dev.partita.dsl.graph.BatchNorm;
import dev.partita.dsl.graph.Elementwise;
import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.graph.GraphIndex;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.graph.RoutingOp;
import dev.partita.dsl.graph.RowOp;
import dev.partita.dsl.graph.Update;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.graph.Wide;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Which type every op computes in, and why.
public final class PrecisionPolicy {
    private PrecisionPolicy() {}

    /// How an op chooses its type.
    enum Choice {
        /// The type to compute in.
        COMPUTE("contractions sum in f32 and round once; here is the time"),
        /// The widest among the operands' types.
        AS_OPERANDS("rounds each element once, so it goes with what it reads"),
        /// The full type.
        FULL("sums and exponentials would lose what half floats cannot hold"),
        /// The full type, for another reason.
        ROUTER("which expert a token meets must not hang on a rounding");

        private final String why;

        Choice(String why) {
            this.why = why;
        }

        /// Why ops choose so.
        String why() {
            return why;
        }
    }

    /// The choice of a node. Gradients are not chosen: they have the type of what they belong to.
    static Choice of(Node node, GraphIndex index, Precision precision) {
        if (node.op() instanceof Op.Embedding && precision.roundsGradients()) {
            return Choice.COMPUTE;
        }
        return scoresExperts(node, index) ? Choice.ROUTER : of(node.op());
    }

    /// True for a contraction whose softmax decides which experts are chosen.
    private static boolean scoresExperts(Node node, GraphIndex index) {
        if (!(node.op() instanceof Op.Einsum)) {
            return false;
        }
        List<Node> readers = index.uses(node.result());
        return !readers.isEmpty() && readers.stream().allMatch(reader -> decides(reader, index));
    }

    private static boolean decides(Node node, GraphIndex index) {
        return node.op() instanceof Op.Softmax
                && index.uses(node.result()).stream()
                        .anyMatch(reader -> reader.op() instanceof RoutingOp.Route);
    }

    private static Choice of(Op op) {
        return switch (op) {
            case Op.Einsum _,
                    Op.Conv2d _,
                    Op.Conv2dInputGrad _,
                    Op.Conv2dWeightGrad _,
                    Op.AddBias _,
                    RoutingOp.Dispatch _,
                    RoutingOp.Combine _,
                    RoutingOp.SlotDot _ ->
                    Choice.COMPUTE;
            case Elementwise _,
                    Op.Flatten _,
                    Op.Unflatten _,
                    Op.Broadcast _,
                    Op.MicroBatch _,
                    Op.ScaleBy _,
                    Op.Cast _,
                    Op.Border _,
                    Op.MaxPool _,
                    Op.MaxPoolGrad _,
                    Op.Embedding _,
                    Op.EmbeddingGrad _,
                    Op.Dropout _,
                    AttentionOp.Rotary _,
                    Reshard _ ->
                    Choice.AS_OPERANDS;
            case Op.Leaf _,
                    Op.Sum _,
                    Op.SumSquares _,
                    Op.Softmax _,
                    Op.SoftmaxGrad _,
                    Op.LayerNorm _,
                    Op.LayerNormGrad _,
                    BatchNorm _,
                    Op.Ignoring _,
                    Op.CrossEntropy _,
                    Op.CrossEntropyGrad _,
                    Op.RequireFinite _,
                    RowOp _,
                    AttentionOp.Attention _,
                    AttentionOp.AttentionGrad _,
                    AttentionOp.Merge _,
                    Update _,
                    Wide _ ->
                    Choice.FULL;
            case RoutingOp.Route _, RoutingOp.RouteGrad _ -> Choice.ROUTER;
        };
    }

    /// True if an op that sums in the full type has kernels that read half floats: it is given them
    /// rather than wider copies.
    public static boolean readsHalf(Op op) {
        Op inside = Wide.inside(op);
        return isNorm(inside)
                || attends(inside)
                || inside instanceof Op.Softmax
                || inside instanceof Op.SoftmaxGrad
                || inside instanceof Op.Sum
                || inside instanceof Op.EmbeddingGrad;
    }

    /// True if an op that sums in the full type has kernels that store half floats.
    public static boolean storesHalf(Op op) {
        Op inside = Wide.inside(op);
        return isNorm(inside)
                || attends(inside)
                || inside instanceof Op.Softmax
                || inside instanceof Op.SoftmaxGrad
                || inside instanceof Op.Embedding
                || inside instanceof Op.CrossEntropyGrad;
    }

    private static boolean attends(Op op) {
        return op instanceof AttentionOp && !(op instanceof AttentionOp.Merge);
    }

    private static boolean isNorm(Op op) {
        return op instanceof Op.LayerNorm
                || op instanceof Op.LayerNormGrad
                || op instanceof RowOp.RmsNorm
                || op instanceof RowOp.RmsNormGrad
                || op instanceof BatchNorm;
    }

    /// The policy as a table: a line for each kind of op in a model, with the types it computes in
    /// there.
    ///
    /// @param forward the model after [MixedPrecision]
    public static String print(Graph forward, Precision precision) {
        GraphIndex index = forward.index();
        Map<String, Integer> counts = new LinkedHashMap<>();
        Map<String, Choice> choices = new LinkedHashMap<>();
        for (Node node : forward.nodes()) {
            if (!(node.op() instanceof Op.Leaf) && !(node.op() instanceof Op.Cast)) {
                String op = node.op().toString().split(" ", 2)[0];
                Value result = node.results().getFirst();
                String line = "%-14s %-5s".formatted(op, result.type().dtype());
                counts.merge(line, 1, Integer::sum);
                choices.put(line, of(node, index, precision));
            }
        }
        var text = new StringBuilder("precision " + precision + "\n");
        for (Choice choice : Choice.values()) {
            counts.forEach((line, count) -> {
                if (choices.get(line) == choice) {
                    text.append("  %s x%-3d %s%n".formatted(line, count, choice.why()));
                }
            });
        }
        text.append(stays("weights", precision, "an update is smaller than a half float's step"))
                .append(
                        stays(
                                "optimizer",
                                precision,
                                "its moments add up over thousands of steps"));
        text.append("  gradients have the type of what they belong to; those of weights ")
                .append(
                        precision.roundsGradients()
                                ? "are rounded to %s and summed over devices so, then read by updates in %s%n"
                                        .formatted(precision.gradients(), precision.full())
                                : "stay %s as they were summed, and are summed over devices so%n"
                                        .formatted(precision.full()));
        if (precision.scalesLoss()) {
            text.append(
                    "  loss scale %,.0f at first; halved, and the step run again, when a gradient overflows; doubled after %,d good steps%n"
                            .formatted(LossScaling.FIRST, LossScaling.INTERVAL));
        }
        return text.toString();
    }

    private static String stays(String what, Precision precision, String why) {
        return "  %-14s %-5s      %s%n".formatted(what, precision.full(), why);
    }
}
