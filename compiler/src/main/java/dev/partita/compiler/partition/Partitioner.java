package dev.partita.compiler.partition;

import dev.partita.compiler.partition.LocalGraph.Block;
import dev.partita.compiler.plan.MemoryUse;
import dev.partita.compiler.sharding.HalfCopies;
import dev.partita.compiler.sharding.ShardedGraph;
import dev.partita.compiler.sharding.ShardingRule;
import dev.partita.compiler.sharding.ShardingRules;
import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.graph.GraphBuilder;
import dev.partita.dsl.graph.GraphIndex;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.graph.Update;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.graph.Wide;
import dev.partita.dsl.mesh.Coordinate;
import dev.partita.dsl.mesh.DimSharding;
import dev.partita.dsl.mesh.Placement;
import dev.partita.dsl.tensor.TensorType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// From a graph with placements to the program of its devices: every op on blocks, and between them
/// the reshards that bring each operand to where its op computes. A sum that is pending stays so
/// until something needs the whole value.
public final class Partitioner {
    private final ShardedGraph sharded;
    private final GraphIndex index;
    private final HalfCopies copies;
    private final GraphBuilder builder;
    private final Map<Value, List<Value>> blocksOf = new HashMap<>();
    private final Map<Value, Block> blocks = new HashMap<>();
    private final Map<Value, String> reasons = new HashMap<>();

    private final Map<Value, String> gatheredFor = new LinkedHashMap<>();
    private final Set<Value> gradients;
    private final List<Runnable> stores = new ArrayList<>();
    private final Set<Value> backwardValues = new HashSet<>();
    private boolean backward;

    private Partitioner(ShardedGraph sharded) {
        this.sharded = sharded;
        this.index = sharded.training().graph().index();
        this.copies = new HalfCopies(sharded.training().graph());
        this.builder = new GraphBuilder(sharded.training().graph().name());
        this.gradients = Set.copyOf(sharded.training().gradients().values());
    }

    /// Partitions a graph.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `AmbiguousPlacement` if an op can be
    ///   computed in two ways and the placements do not say which
    public static LocalGraph run(ShardedGraph sharded) {
        return new Partitioner(sharded).partition();
    }

    private LocalGraph partition() {
        Graph graph = sharded.training().graph();
        for (Node node : graph.nodes()) {
            builder.like(node);
            if (node.op() instanceof Op.Leaf leaf) {
                Placement placement = sharded.placement(node.result());
                Value block =
                        builder.add(local(leaf, placement.local(leaf.type(), sharded.mesh())));
                define(node.result(), block, placement);
            } else if (node.op() instanceof Reshard.Relocate relocate) {
                turn(isBackward(node));
                relocate(node, relocate);
            } else {
                turn(isBackward(node));
                compute(node);
                if (node.op() instanceof Update update) {
                    replace(node, update);
                }
            }
        }
        stores.forEach(Runnable::run);
        graph.outputs()
                .forEach((name, value) -> {
                    builder.like(index.definition(value));
                    Value block =
                            require(value, sharded.placement(value), "is returned as " + name);
                    builder.output(name, block);
                });
        return new LocalGraph(builder.build(), sharded.mesh(), blocks, reasons);
    }

    /// True for a gradient, and for what is computed from one.
    private boolean isBackward(Node node) {
        boolean gradient =
                node.results().stream().anyMatch(sharded.training().follows()::containsKey)
                        || node.operands().stream().anyMatch(backwardValues::contains);
        if (gradient) {
            backwardValues.addAll(node.results());
        }
        return gradient;
    }

    /// Sharded weights are gathered again in backward, and again for the next micro-batch, so that
    /// their gathered blocks need not live until then; only those of the last layer stay, with
    /// which the way back begins.
    private void turn(boolean toBackward) {
        if (toBackward == backward) {
            return;
        }
        backward = toBackward;
        String last = gatheredFor.values().stream().reduce("", (_, layer) -> layer);
        gatheredFor.forEach((weight, layer) -> {
            List<Value> have = blocksOf.getOrDefault(weight, new ArrayList<>());
            if (!layer.equals(last)) {
                have.subList(1, have.size()).clear();
            }
        });
    }

    /// True for a weight, and for a weight in the type that is computed in.
    private boolean isWeight(Value value) {
        Node definition = index.definition(value);
        return definition.op() instanceof Op.Parameter
                || (definition.op() instanceof Op.Cast
                        && isWeight(definition.operands().getFirst()));
    }

    private void noteGathered(Value operand, String layer) {
        List<Value> have = blocksOf.getOrDefault(operand, List.of());
        boolean gathered =
                have.size() > 1 && placement(have.getFirst()).equals(sharded.placement(operand));
        if (isWeight(operand) && gathered) {
            gatheredFor.remove(operand);
            gatheredFor.put(operand, layer);
        }
    }

    /// Where an update computed finer blocks than its weight or state lies in, the whole new block
    /// is brought there and, at the end, written over the old one.
    private void replace(Node node, Update update) {
        for (int i = 0; i < node.results().size(); i++) {
            Value old = node.operands().get(update.inPlace().get(i));
            Value own = blocksOf.getOrDefault(old, List.of()).getFirst();
            Value computed = blocksOf.getOrDefault(node.results().get(i), List.of()).getFirst();
            if (!placement(computed).equals(placement(own))) {
                Value result = node.results().get(i);
                Value whole = require(result, placement(own), "replaces " + old);
                stores.add(() -> {
                    Value stored = builder.like(node).add(new Update.Store(), own, whole);
                    MemoryUse use = use(old, placement(own));
                    blocks.put(stored, new Block(result, placement(own), use));
                });
            }
        }
    }

    private static Op local(Op.Leaf leaf, TensorType type) {
        return switch (leaf) {
            case Op.Input input -> new Op.Input(input.name(), type);
            case Op.Parameter p -> new Op.Parameter(p.name(), type, p.initializer());
            case Op.State state -> new Op.State(state.name(), type, state.initial());
            case Op.Constant constant -> new Op.Constant(constant.value(), type);
        };
    }

    /// Brings a value to where it is to live and lie; from there on it has another name.
    private void relocate(Node node, Reshard.Relocate op) {
        String where =
                op.to().isEmpty()
                        ? "on all devices"
                        : op.to().stream()
                                .map(Coordinate::toString)
                                .collect(Collectors.joining(", ", "at ", ""));
        Value moved = node.operands().getFirst();
        Value block = require(moved, sharded.placement(node.result()), "is used " + where);
        define(node.result(), block, placement(block));
    }

    private Op local(Op op, Node node, List<Placement> placements) {
        return switch (op) {
            case Wide wide -> new Wide(local(wide.op(), node, placements), wide.results());
            case Op.Shaped shaped -> {
                TensorType whole = node.results().getFirst().type();
                yield shaped.to(placements.getFirst().local(whole, sharded.mesh()).shape());
            }
            case Op other -> other;
        };
    }

    private void compute(Node node) {
        if (node.op() instanceof Op.Border) {
            // the same value, so the same blocks: readers get theirs from wherever one lies
            Value same = node.operands().getFirst();
            blocksOf.put(node.result(), blocksOf.getOrDefault(same, new ArrayList<>()));
            return;
        }
        ShardingRule rule = ShardingRules.of(node);
        List<Coordinate> at = sharded.location(node);
        Map<String, DimSharding> axes = FactorAxes.of(node, rule, sharded);
        axes.replaceAll((_, each) -> each.first(beside(at, each.axes()).size()));
        List<String> pending = beside(at, pendingThrough(node, rule, axes));
        List<Value> operands = new ArrayList<>();
        List<Integer> summands = ShardingRules.summands(node);
        for (int i = 0; i < node.operands().size(); i++) {
            List<String> partial = summands.contains(i) ? pending : List.of();
            Placement wanted = placement(rule.operands().get(i), axes, partial).at(at);
            String why = "meets " + node.op();
            if (!node.results().isEmpty() && !again(node.results().getFirst()).isEmpty()) {
                why += "; " + again(node.results().getFirst());
            }
            operands.add(require(node.operands().get(i), wanted, why));
            noteGathered(node.operands().get(i), node.layer());
        }
        List<Placement> placements = new ArrayList<>();
        for (List<String> factors : rule.results()) {
            placements.add(placement(factors, axes, partial(rule, factors, axes, pending)).at(at));
        }
        Node computed = builder.addAll(local(node.op(), node, placements), operands);
        for (int i = 0; i < placements.size(); i++) {
            String again = again(node.results().get(i));
            if (!again.isEmpty()) {
                reasons.put(computed.results().get(i), again);
            }
            define(node.results().get(i), computed.results().get(i), placements.get(i));
        }
    }

    /// The axes up to the first at one coordinate of which an op is computed: it cannot be shared
    /// out over that one.
    private static List<String> beside(List<Coordinate> at, List<String> axes) {
        return axes.stream()
                .takeWhile(axis -> at.stream().noneMatch(c -> c.axis().equals(axis)))
                .toList();
    }

    /// The axes over which operands are partial alike, if the op may go on with summands of these
    /// and so may all others that read them: a value that some op needs whole is summed once, for
    /// all.
    private List<String> pendingThrough(
            Node node, ShardingRule rule, Map<String, DimSharding> axes) {
        List<List<String>> partials =
                ShardingRules.summands(node).stream()
                        .map(node.operands()::get)
                        .map(this::pending)
                        .distinct()
                        .toList();
        if (partials.size() != 1) {
            return List.of();
        }
        boolean free =
                rule.factors().stream()
                        .flatMap(f -> axes.getOrDefault(f, DimSharding.WHOLE).axes().stream())
                        .noneMatch(partials.getFirst()::contains);
        return free ? partials.getFirst() : List.of();
    }

    /// The axes over which a value may stay partial for all that read it.
    private List<String> pending(Value value) {
        boolean passed = index.uses(value).stream().allMatch(node -> takesSummands(node, value));
        List<Value> have = blocksOf.getOrDefault(value, List.of());
        boolean complete = have.stream().anyMatch(b -> !placement(b).isPartial());
        return passed && !complete ? placement(have.getFirst()).partial() : List.of();
    }

    private static boolean takesSummands(Node node, Value value) {
        List<Integer> summands = ShardingRules.summands(node);
        return IntStream.range(0, node.operands().size())
                .filter(i -> node.operands().get(i).equals(value))
                .allMatch(summands::contains);
    }

    private static Placement placement(
            List<String> factors, Map<String, DimSharding> axes, List<String> partial) {
        List<DimSharding> dims =
                factors.stream().map(f -> axes.getOrDefault(f, DimSharding.WHOLE)).toList();
        return new Placement(dims, partial);
    }

    /// What a result without some sharded factors still has to be summed over.
    private static List<String> partial(
            ShardingRule rule,
            List<String> result,
            Map<String, DimSharding> axes,
            List<String> pending) {
        List<String> partial = new ArrayList<>(pending);
        for (String factor : rule.factors()) {
            boolean read = rule.operands().stream().anyMatch(t -> t.contains(factor));
            if (read && !result.contains(factor)) {
                partial.addAll(axes.getOrDefault(factor, DimSharding.WHOLE).axes());
            }
        }
        return partial;
    }

    /// The block of a value where it is wanted, and maybe elsewhere too, reusing what there is,
    /// else by the moves from its nearest block.
    private Value require(Value value, Placement wanted, String why) {
        List<Value> have = blocksOf.getOrDefault(value, List.of());
        for (Value block : have) {
            if (isThere(placement(block), wanted)) {
                return block;
            }
        }
        Value at = nearest(value, have, wanted);
        Placement from = placement(at);
        for (Resharding.Move move : moves(value, from, wanted)) {
            at = builder.add(move.op(), at);
            String again = again(value);
            reasons.put(
                    at,
                    move.op()
                            + " because "
                            + value
                            + " "
                            + from
                            + " "
                            + why
                            + (again.isEmpty() || why.contains(again) ? "" : "; " + again));
            define(value, at, move.after());
        }
        return at;
    }

    private static boolean isThere(Placement block, Placement wanted) {
        return block.dims().equals(wanted.dims())
                && block.partial().equals(wanted.partial())
                && wanted.at().containsAll(block.at());
    }

    /// Which value this is a copy of and what it is computed again for, or empty.
    private String again(Value value) {
        return sharded.training().again().getOrDefault(value, "");
    }

    /// The block from which the fewest bytes are sent, the first of equals.
    private Value nearest(Value value, List<Value> have, Placement wanted) {
        Value best = have.getFirst();
        for (Value block : have.subList(1, have.size())) {
            if (sends(value, block, wanted) < sends(value, best, wanted)) {
                best = block;
            }
        }
        return best;
    }

    private long sends(Value value, Value block, Placement wanted) {
        if (!placement(block).partial().containsAll(wanted.partial())) {
            return Long.MAX_VALUE;
        }
        long bytes = 0;
        for (Resharding.Move move : moves(value, placement(block), wanted)) {
            boolean sent = move.op() instanceof Reshard.Collective;
            bytes += sent ? move.after().local(value.type(), sharded.mesh()).bytes() : 0;
        }
        return bytes;
    }

    private List<Resharding.Move> moves(Value value, Placement from, Placement to) {
        return Resharding.moves(value.type().shape(), from, to, sharded.mesh());
    }

    private Placement placement(Value block) {
        Block known = blocks.get(block);
        if (known == null) {
            throw new IllegalArgumentException("no block " + block);
        }
        return known.placement();
    }

    /// A block that lies where its value is to lie is there for the value's sake, any other for the
    /// way to it.
    private MemoryUse use(Value whole, Placement placement) {
        Node definition = index.definition(whole);
        MemoryUse sake =
                switch (definition.op()) {
                    case Op.Parameter _ when copies.isMaster(definition) -> MemoryUse.OPTIMIZER;
                    case Op.Parameter _ -> MemoryUse.WEIGHTS;
                    case Op.Cast _ when copies.isCopy(definition) -> MemoryUse.WEIGHTS;
                    case Reshard.Relocate _ when isWeight(definition.operands().getFirst()) ->
                            MemoryUse.BUFFERS;
                    case Op.State _ -> MemoryUse.OPTIMIZER;
                    case Update _ -> MemoryUse.BUFFERS;
                    case Op _ ->
                            gradients.contains(whole) ? MemoryUse.GRADIENTS : MemoryUse.ACTIVATIONS;
                };
        return placement.equals(sharded.placement(whole)) ? sake : MemoryUse.BUFFERS;
    }

    private void define(Value whole, Value block, Placement placement) {
        blocksOf.computeIfAbsent(whole, _ -> new ArrayList<>()).add(block);
        blocks.put(block, new Block(whole, placement, use(whole, placement)));
    }
}
