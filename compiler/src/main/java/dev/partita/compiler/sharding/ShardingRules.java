package dev.partita.compiler.sharding;

import dev.partita.dsl.graph.AttentionOp;
import dev.partita.dsl.graph.BatchNorm;
import dev.partita.dsl.graph.EinsumSpec;
import dev.partita.dsl.graph.Elementwise;
import dev.partita.dsl.graph.Epilogue;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.graph.RoutingOp;
import dev.partita.dsl.graph.RowOp;
import dev.partita.dsl.graph.Update;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.graph.Wide;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.dsl.tensor.Shape;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;

/// The sharding rule of every op. Propagation and partitioning are written once over these.
public final class ShardingRules {
    private ShardingRules() {}

    public static ShardingRule of(Node node) {
        return switch (node.op()) {
            case Op.Leaf leaf ->
                    new ShardingRule(List.of(), List.of(factors(leaf.type().shape().rank())));
            case Elementwise _, Update _, Reshard.Relocate _ -> alike(node);
            case Op.Dropout _, Op.Ignoring _, Op.ScaleBy _, Op.Cast _, Op.Border _ -> alike(node);
            case Op.Flatten f -> merging(shape(node, 0), f.first(), f.last(), false);
            case Op.Unflatten u -> merging(u.to(), u.first(), u.last(), true);
            case Op.Broadcast b -> {
                List<String> to = factors(b.to().rank());
                yield rule(List.of(b.dims().stream().map(to::get).toList()), to);
            }
            case Op.MicroBatch _ -> {
                List<String> part = factors(shape(node, 0).rank() - 1);
                List<String> all = new ArrayList<>(part);
                all.addFirst(ShardingRule.WHOLE);
                yield rule(List.of(all), part);
            }
            case Op.Sum sum -> {
                List<String> from = factors(shape(node, 0).rank());
                List<Integer> kept =
                        IntStream.range(0, from.size())
                                .filter(i -> !sum.dims().contains(i))
                                .boxed()
                                .toList();
                yield rule(List.of(from), kept.stream().map(from::get).toList());
            }
            case Op.SumSquares _ -> rule(List.of(factors(shape(node, 0).rank())), List.of());
            case Op.AddBias _ -> {
                List<String> x = factors(shape(node, 0).rank());
                yield rule(List.of(x, innermost(x, shape(node, 1).rank())), x);
            }
            case Op.Einsum(EinsumSpec spec, Epilogue epilogue) -> {
                List<List<String>> operands =
                        new ArrayList<>(List.of(letters(spec.left()), letters(spec.right())));
                if (epilogue.hasBias()) {
                    operands.add(innermost(letters(spec.result()), shape(node, 2).rank()));
                }
                yield rule(operands, letters(spec.result()));
            }
            case Op.Conv2d conv ->
                    ShardingRule.parse(
                            conv.epilogue().hasBias()
                                    ? "(b,-,-,c),(o,-,-,c),(o)->(b,-,-,o)"
                                    : "(b,-,-,c),(o,-,-,c)->(b,-,-,o)");
            case Op.Conv2dInputGrad _ -> ShardingRule.parse("(b,-,-,o),(o,-,-,c)->(b,-,-,c)");
            case Op.Conv2dWeightGrad grad ->
                    ShardingRule.parse(
                            grad.bias()
                                    ? "(b,-,-,o),(b,-,-,c)->(o,-,-,c),(o)"
                                    : "(b,-,-,o),(b,-,-,c)->(o,-,-,c)");
            case Op.MaxPool _ -> ShardingRule.parse("(b,-,-,c)->(b,-,-,c),(b,-,-,c)");
            case Op.MaxPoolGrad _ -> ShardingRule.parse("(b,-,-,c),(b,-,-,c)->(b,-,-,c)");
            case Op.Softmax _ -> rule(List.of(wholeRows(node, 0)), wholeRows(node, 0));
            case Op.SoftmaxGrad _ ->
                    rule(List.of(wholeRows(node, 0), wholeRows(node, 0)), wholeRows(node, 0));
            case Op.LayerNorm _ -> {
                List<String> x = wholeRows(node, 0);
                List<String> rows = rows(x);
                yield new ShardingRule(List.of(x, whole(), whole()), List.of(x, rows, rows));
            }
            case Op.LayerNormGrad _ -> {
                List<String> x = wholeRows(node, 0);
                List<String> rows = rows(x);
                yield new ShardingRule(
                        List.of(x, whole(), rows, rows, x), List.of(x, whole(), whole()));
            }
            case BatchNorm norm -> batchNorm(node, norm);
            case Op.Embedding _ -> {
                List<String> ids = factors(shape(node, 1).rank());
                List<String> y = new ArrayList<>(ids);
                y.add("m");
                yield rule(List.of(List.of("v", "m"), ids), y);
            }
            case Op.EmbeddingGrad _ -> {
                List<String> ids = factors(shape(node, 0).rank());
                List<String> dy = new ArrayList<>(ids);
                dy.add("m");
                yield rule(List.of(ids, dy), List.of("v", "m"));
            }
            case Op.CrossEntropy _ -> {
                List<String> x = wholeRows(node, 0);
                yield new ShardingRule(List.of(x, rows(x)), List.of(rows(x), rows(x)));
            }
            case Op.CrossEntropyGrad _ -> {
                List<String> x = factors(shape(node, 0).rank());
                yield rule(List.of(x, rows(x), rows(x), rows(x)), x);
            }
            case RowOp row -> ofRows(row, node);
            case AttentionOp attention -> ofAttention(attention, node);
            case RoutingOp routing -> ofRouting(routing, node);
            case Op.RequireFinite _ ->
                    new ShardingRule(
                            Collections.nCopies(node.operands().size(), List.of()), List.of());
            case Wide _ -> of(node.inside());
            case Reshard reshard ->
                    throw new IllegalArgumentException("already partitioned: " + reshard);
        };
    }

    private static ShardingRule ofRows(RowOp op, Node node) {
        List<String> whole = wholeRows(node, 0);
        List<String> rows = rows(whole);
        return switch (op) {
            case RowOp.RmsNorm _ -> new ShardingRule(List.of(whole, whole()), List.of(whole, rows));
            case RowOp.RmsNormGrad _ ->
                    new ShardingRule(List.of(whole, whole(), rows, whole), List.of(whole, whole()));
            case RowOp.LogSumExp(Shape to) -> {
                List<String> all = factors(shape(node, 0).rank());
                yield to.rank() == all.size()
                        ? rule(List.of(all), all)
                        : rule(List.of(whole), rows);
            }
            case RowOp.PickLogit _ -> rule(List.of(factors(whole.size()), rows), rows);
        };
    }

    /// Keys and values are needed at every position; the gradients of both are sums over the
    /// positions and the queries of a head. In a ring they lie as the queries do, go round, and
    /// their gradients come back summed over the positions.
    private static ShardingRule ofAttention(AttentionOp op, Node node) {
        return switch (op) {
            case AttentionOp.Attention attention when attention.ring() ->
                    ShardingRule.parse("(b,s,h,q,-),(b,s,h,-),(b,s,h,-)->(b,s,h,q,-),(b,s,h,q)");
            case AttentionOp.AttentionGrad grad when grad.ring() ->
                    ShardingRule.parse(
                            "(b,s,h,q,-),(b,s,h,-),(b,s,h,-),(b,s,h,q,-),(b,s,h,q),(b,s,h,q,-)"
                                    + "->(b,s,h,q,-),(b,s,h,-),(b,s,h,-)");
            case AttentionOp.Attention _ ->
                    ShardingRule.parse("(b,s,h,q,-),(b,-,h,-),(b,-,h,-)->(b,s,h,q,-),(b,s,h,q)");
            case AttentionOp.AttentionGrad _ ->
                    ShardingRule.parse(
                            "(b,s,h,q,-),(b,-,h,-),(b,-,h,-),(b,s,h,q,-),(b,s,h,q),(b,s,h,q,-)"
                                    + "->(b,s,h,q,-),(b,-,h,-),(b,-,h,-)");
            case AttentionOp.Merge _ ->
                    ShardingRule.parse(
                            "(b,s,h,q,-),(b,s,h,q),(b,s,h,q,-),(b,s,h,q)->(b,s,h,q,-),(b,s,h,q)");
            case AttentionOp.Rotary _ -> rule(List.of(wholeRows(node, 0)), wholeRows(node, 0));
        };
    }

    /// An example is routed as a whole, so positions lie whole; what is in slots may be split by
    /// expert, example, slot and width alike.
    private static ShardingRule ofRouting(RoutingOp op, Node node) {
        return switch (op) {
            case RoutingOp.Route _ -> ShardingRule.parse("(b,-,-)->(-,b,-),(-,b,-),(b,-),(b,-)");
            case RoutingOp.RouteGrad _ -> ShardingRule.parse("(b,-,-),(-,b,-),(-,b,-)->(b,-,-)");
            case RoutingOp.Dispatch _ -> {
                String weights = node.operands().size() == 3 ? ",(e,b,c)" : "";
                yield ShardingRule.parse("(b,-,m),(e,b,c)" + weights + "->(e,b,c,m)");
            }
            case RoutingOp.Combine _ -> {
                String weights = node.operands().size() == 3 ? ",(e,b,c)" : "";
                yield ShardingRule.parse("(e,b,c,m),(e,b,c)" + weights + "->(b,-,m)");
            }
            case RoutingOp.SlotDot _ -> ShardingRule.parse("(e,b,c,m),(b,-,m),(e,b,c)->(e,b,c)");
        };
    }

    /// The operands of which the node's op may be given summands of a partial value, of all of them
    /// together, while others are complete; each device computes with its own, and leaves a summand
    /// of the result. The op is linear in these, and cheap enough not to be done twice; none
    /// otherwise.
    public static List<Integer> summands(Node node) {
        return switch (node.op()) {
            // what comes from the slots is smaller than what is in them
            case RoutingOp.Combine _, RoutingOp.SlotDot _ -> {
                long slots = node.operands().getFirst().type().bytes();
                yield node.result().type().bytes() <= slots ? List.of(0) : List.of();
            }
            case Op _ when passesPartial(node) ->
                    IntStream.range(0, node.operands().size()).boxed().toList();
            case Op _ -> List.of();
        };
    }

    private static boolean passesPartial(Node node) {
        return switch (node.op()) {
            case Elementwise elementwise -> isLinear(elementwise);
            case Op.Flatten _, Op.Unflatten _, Op.Sum _, Op.Broadcast _ -> true;
            // summands are summed in the wider type
            case Op.Cast(Dtype to) ->
                    to.bytes() > node.operands().getFirst().type().dtype().bytes();
            case Wide _ -> passesPartial(node.inside());
            case BatchNorm _,
                    Op.Leaf _,
                    Op.Shaped _,
                    Op.MicroBatch _,
                    Op.Border _,
                    Op.ScaleBy _,
                    Op.Ignoring _,
                    Op.SumSquares _,
                    Op.AddBias _,
                    Op.Einsum _,
                    Op.Conv2d _,
                    Op.MaxPool _,
                    Op.Softmax _,
                    Op.SoftmaxGrad _,
                    Op.LayerNorm _,
                    Op.LayerNormGrad _,
                    Op.Embedding _,
                    Op.Dropout _,
                    Op.CrossEntropy _,
                    Op.CrossEntropyGrad _,
                    Op.RequireFinite _,
                    RowOp _,
                    AttentionOp _,
                    RoutingOp _,
                    Update _,
                    Reshard _ ->
                    false;
        };
    }

    private static boolean isLinear(Elementwise op) {
        return switch (op) {
            case Elementwise.Add _, Elementwise.Subtract _, Elementwise.Scale _ -> true;
            case Elementwise.Fused fused ->
                    fused.parts().stream().allMatch(part -> isLinear(part.op()));
            case Elementwise.Unary _, Elementwise.Binary _ -> false;
        };
    }

    /// Results that are sums lack all dims of `x` but the channel, and the group where the batch
    /// has groups.
    private static ShardingRule batchNorm(Node node, BatchNorm op) {
        List<String> x = factors(shape(node, 0).rank());
        List<String> channel = List.of(x.getLast());
        List<String> statistic = new ArrayList<>(x.subList(0, shape(node, 1).rank() - 1));
        statistic.add(x.getLast());
        List<List<String>> operands =
                op.operands().stream()
                        .map(per ->
                                switch (per) {
                                    case ELEMENT -> x;
                                    case STATISTIC -> statistic;
                                    case CHANNEL -> channel;
                                })
                        .toList();
        return switch (op) {
            case BatchNorm.Squares _ -> rule(operands, statistic);
            case BatchNorm.SumsGrad _ -> new ShardingRule(operands, List.of(statistic, statistic));
            case BatchNorm.Normalize _, BatchNorm.InputGrad _ -> rule(operands, x);
        };
    }

    private static ShardingRule rule(List<List<String>> operands, List<String> result) {
        return new ShardingRule(operands, List.of(result));
    }

    /// Operands and results of equal sizes share every factor; scalars among them have none.
    private static ShardingRule alike(Node node) {
        List<String> all = factors(shape(node, 0).rank());
        return new ShardingRule(
                node.operands().stream().map(v -> firstOf(all, v)).toList(),
                node.results().stream().map(v -> firstOf(all, v)).toList());
    }

    private static List<String> firstOf(List<String> factors, Value value) {
        return factors.subList(0, value.type().shape().rank());
    }

    /// Dims `first..last` of `split` merge into one, which is sharded as the outermost of them: its
    /// blocks stay contiguous.
    private static ShardingRule merging(Shape split, int first, int last, boolean reversed) {
        List<String> apart = new ArrayList<>(factors(split.rank()));
        for (int i = first + 1; i <= last; i++) {
            apart.set(i, ShardingRule.WHOLE);
        }
        List<String> merged = new ArrayList<>(apart.subList(0, first + 1));
        merged.addAll(apart.subList(last + 1, apart.size()));
        return reversed ? rule(List.of(merged), apart) : rule(List.of(apart), merged);
    }

    private static List<String> innermost(List<String> factors, int count) {
        return factors.subList(factors.size() - count, factors.size());
    }

    private static List<String> factors(int rank) {
        return IntStream.range(0, rank).mapToObj(i -> "d" + i).toList();
    }

    private static List<String> letters(String spec) {
        return spec.chars().mapToObj(Character::toString).toList();
    }

    private static List<String> wholeRows(Node node, int operand) {
        List<String> x = new ArrayList<>(factors(shape(node, operand).rank()));
        x.set(x.size() - 1, ShardingRule.WHOLE);
        return x;
    }

    private static List<String> rows(List<String> x) {
        return x.subList(0, x.size() - 1);
    }

    private static List<String> whole() {
        return Collections.nCopies(1, ShardingRule.WHOLE);
    }

    private static Shape shape(Node node, int operand) {
        return node.operands().get(operand).type().shape();
    }
}
