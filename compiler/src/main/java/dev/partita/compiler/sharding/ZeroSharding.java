package dev.partita.compiler.sharding;

import dev.partita.compiler.ShardRequest;
import dev.partita.compiler.ZeroRequest;
import dev.partita.dsl.graph.GraphIndex;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.graph.Update;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.mesh.DimSharding;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.mesh.Placement;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Splits what data parallelism would keep alike on all devices of an axis: optimizer state (stage
/// 1), gradients (2) and weights (3), as ZeRO does (Rajbhandari et al. 2020, section 5). It only
/// changes placements: that gradients are then reduce-scattered and weights all-gathered follows
/// from the sharding rules. Where ops read half copies of weights, these are the weights, and what
/// they are rounded from belongs to the optimizer.
///
/// The axis is appended to the first dim that divides; what divides nowhere stays whole, and what
/// the axis shards already stays as it is.
public final class ZeroSharding {
    private final ShardedGraph sharded;
    private final Mesh mesh;
    private final ZeroRequest request;
    private final Choices choices;
    private final HalfCopies weights;
    private final Map<Value, Placement> placements;
    private final Map<Value, Map<Integer, Cause>> causes;

    private ZeroSharding(ShardedGraph sharded, ZeroRequest request, Choices choices) {
        this.sharded = sharded;
        this.choices = choices;
        this.weights = new HalfCopies(sharded.training().graph());
        this.mesh = sharded.mesh();
        this.request = request;
        this.placements = new LinkedHashMap<>(sharded.placements());
        this.causes = new LinkedHashMap<>(sharded.causes());
    }

    /// Splits as asked; without a request, or over axes of one device, nothing changes.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `ZeroWithoutDataParallelism`, with the axes
    ///   that carry it and what each would save, or what it costs to shard the batch as well
    public static ShardedGraph run(
            ShardedGraph sharded, Optional<ZeroRequest> request, Choices choices) {
        return request.map(r -> new ZeroSharding(sharded, r, choices).split()).orElse(sharded);
    }

    private ShardedGraph split() {
        Set<String> legal = dataParallelAxes();
        List<String> axes = request.axes().stream().filter(a -> mesh.size(a) > 1).toList();
        for (String axis : axes) {
            if (placements.values().stream().anyMatch(p -> p.coordinate(axis).isPresent())) {
                throw onOneDevice(axis, legal);
            }
            if (!legal.contains(axis)) {
                throw withoutDataParallelism(axis, legal);
            }
        }
        Set<Value> divided = new LinkedHashSet<>(kept());
        if (request.stage() >= 2) {
            divided.addAll(gradients());
        }
        for (Value value : divided) {
            for (String axis : axes) {
                dim(placements, value, axis).ifPresent(dim -> split(value, dim, axis));
            }
        }
        sharded.training().graph().nodesOf(Update.class).forEach(this::follow);
        return new ShardedGraph(sharded.training(), mesh, placements, causes);
    }

    /// The axes over which devices work on different examples: those that shard the batch of an
    /// input, once it is where they work, or any dim of labels or tokens.
    private Set<String> dataParallelAxes() {
        Set<String> axes = new LinkedHashSet<>();
        GraphIndex index = sharded.training().graph().index();
        List<Node> inputs =
                sharded.training().graph().nodes().stream()
                        .filter(node -> isInput(node, index))
                        .toList();
        for (Node node : inputs) {
            Placement placement = sharded.placement(node.result());
            int batch = node.result().type().shape().indexOf("batch");
            for (int i = 0; i < placement.dims().size(); i++) {
                if (i == batch || !node.result().type().dtype().isFloating()) {
                    axes.addAll(placement.dim(i).axes());
                }
            }
        }
        return axes;
    }

    private static boolean isInput(Node node, GraphIndex index) {
        return node.op() instanceof Op.Input
                || (node.op() instanceof Reshard.Relocate
                        && isInput(index.definition(node.operands().getFirst()), index));
    }

    /// What the stage splits of what a device keeps until the end of a step.
    private List<Value> kept() {
        List<Value> values = new ArrayList<>();
        for (Node node : sharded.training().graph().nodes()) {
            boolean asked =
                    isOptimizerState(node)
                            || weights.isMaster(node)
                            || (request.stage() >= 3 && weights.isUsed(node));
            if (asked) {
                values.add(node.result());
            }
        }
        if (request.stage() >= 2) {
            values.addAll(sharded.training().gradients().values());
        }
        return values;
    }

    /// The optimizer's state follows a weight; a layer's own, such as a running average, does not.
    private boolean isOptimizerState(Node node) {
        return node.op() instanceof Op.State
                && sharded.training().follows().containsKey(node.result());
    }

    /// The gradients of weights, and what they are summed from over micro-batches.
    private List<Value> gradients() {
        GraphIndex index = sharded.training().graph().index();
        Map<Value, Value> follows = sharded.training().follows();
        return sharded.training().graph().nodes().stream()
                .filter(n -> !(n.op() instanceof Op.Leaf) && !(n.op() instanceof Update))
                .flatMap(n -> n.results().stream())
                .filter(v ->
                        index.definition(follows.getOrDefault(v, v)).op() instanceof Op.Parameter)
                .toList();
    }

    /// The first dim that the axis can be appended to, unless it shards the value already.
    private Optional<Integer> dim(Map<Value, Placement> at, Value value, String axis) {
        Placement placement = at.getOrDefault(value, sharded.placement(value));
        if (placement.shards(axis)) {
            return Optional.empty();
        }
        for (int i = 0; i < placement.dims().size(); i++) {
            int parts = placement.dim(i).and(List.of(axis)).stretches(mesh);
            if (value.type().shape().size(i) % parts == 0) {
                return Optional.of(i);
            }
        }
        return Optional.empty();
    }

    private void split(Value value, int dim, String axis) {
        Placement before = placements.getOrDefault(value, sharded.placement(value));
        placements.put(value, before.with(dim, before.dim(dim).and(List.of(axis))));
        Map<Integer, Cause> why =
                new LinkedHashMap<>(causes.getOrDefault(value, new LinkedHashMap<>()));
        Cause had = why.get(dim);
        String because = had == null ? request.toString() : had.because() + " and " + request;
        why.put(dim, new Cause(because, request.origin()));
        causes.put(value, why);
    }

    /// What an update makes lies as what it replaces.
    private void follow(Node node) {
        Update update = (Update) node.op();
        for (int i = 0; i < node.results().size(); i++) {
            Value old = node.operands().get(update.inPlace().get(i));
            placements.put(
                    node.results().get(i), placements.getOrDefault(old, sharded.placement(old)));
            causes.put(node.results().get(i), causes.getOrDefault(old, Map.of()));
        }
    }

    private RuntimeException onOneDevice(String axis, Set<String> legal) {
        Problem problem =
                Problem.of(
                                ProblemCode.ZERO_WITHOUT_DATA_PARALLELISM,
                                "ZeRO splits what all devices of an axis keep, and along "
                                        + axis
                                        + " one device keeps it for all.")
                        .fact("asked by", request);
        for (String other : legal) {
            problem = saving(problem, other);
        }
        return problem.fix(
                        "shard(\"batch\").over(\""
                                + axis
                                + "\") instead of dataParallel(), or zero("
                                + request.stage()
                                + ") over another axis")
                .at(request.origin())
                .exception();
    }

    private RuntimeException withoutDataParallelism(String axis, Set<String> legal) {
        Problem problem =
                Problem.of(
                                ProblemCode.ZERO_WITHOUT_DATA_PARALLELISM,
                                "ZeRO splits what data parallelism keeps alike, and no data is sharded over "
                                        + axis
                                        + ".")
                        .fact("asked by", request);
        for (String other : legal) {
            problem = saving(problem, other);
        }
        Optional<ShardRequest> had =
                choices.requests().stream()
                        .filter(r -> r.dim().equals("batch") && r.layers().isEmpty())
                        .findFirst();
        ShardRequest batch = batchOver(had, axis);
        Problem priced =
                had.isPresent()
                        ? choices.instead(problem, had.get(), batch)
                        : choices.with(problem, batch);
        List<String> ways =
                new ArrayList<>(legal.stream().map(a -> ".over(\"" + a + "\")").toList());
        if (legal.isEmpty() || !priced.equals(problem)) {
            ways.add(batch.toString());
        }
        return priced.fix(String.join(" or ", ways)).at(request.origin()).exception();
    }

    /// The batch over an axis too.
    private ShardRequest batchOver(Optional<ShardRequest> had, String axis) {
        DimSharding sharding =
                had.map(ShardRequest::sharding).orElse(DimSharding.WHOLE).and(List.of(axis));
        return ShardRequest.of("batch", List.of(), sharding, request.origin());
    }

    private Problem saving(Problem problem, String axis) {
        long bytes = saved(axis);
        return bytes == 0
                ? problem
                : problem.fact("over " + axis, "saves %,d bytes a device".formatted(bytes));
    }

    /// Bytes that a device need not hold if the request were over `axis`.
    private long saved(String axis) {
        long bytes = 0;
        for (Value value : kept()) {
            if (dim(sharded.placements(), value, axis).isPresent()) {
                long block = sharded.placement(value).local(value.type(), mesh).bytes();
                bytes += block - block / mesh.size(axis);
            }
        }
        return bytes;
    }
}
