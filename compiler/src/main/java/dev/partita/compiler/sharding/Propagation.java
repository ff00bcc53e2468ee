package dev.partita.compiler.sharding;

import dev.partita.compiler.autodiff.TrainingGraph;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.mesh.Coordinate;
import dev.partita.dsl.mesh.DimSharding;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.mesh.Placement;
import dev.partita.dsl.problem.Origin;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/// Gives every value a placement, with its cause: first what the user asked for by name of dim,
/// then what follows from the sharding rules, forwards and backwards, until nothing changes;
/// gradients and optimizer state lie as what they belong to. (The scheme of GSPMD, Xu et al. 2021,
/// section 3.5, without its cost heuristics.)
public final class Propagation {
    private final TrainingGraph training;
    private final Mesh mesh;
    private final ShardRequests requests;
    private final Choices choices;
    private final Map<Value, List<Coordinate>> locations;
    private final Map<String, Cause> homes;
    private final Map<Value, DimSharding[]> shardings = new HashMap<>();
    private final Map<Value, Map<Integer, Cause>> causes = new HashMap<>();

    /// Values placed by a request for their layer alone: the user drew a border there, so nothing
    /// spreads from them.
    private final Set<Value> bordered = new HashSet<>();

    /// Values that a request for all layers names.
    private final Set<Value> placed = new HashSet<>();

    private Propagation(
            TrainingGraph training, Mesh mesh, Choices choices, Map<String, Cause> homes) {
        this.training = training;
        this.mesh = mesh;
        this.homes = homes;
        this.locations = Locations.of(training.graph(), mesh);
        this.choices = choices;
        this.requests = new ShardRequests(training.graph(), mesh, choices);
    }

    /// Places every value of a graph.
    ///
    /// @param homes for each axis that values live at one coordinate of, why
    /// @throws dev.partita.dsl.problem.ProblemException `UnknownDim`, `UnknownLayer`,
    ///   `IndivisibleDim`, `AxisUsedTwice`, `AmbiguousPlacement`; all that were found at once; then
    ///   `WeightShardedTwice`
    public static ShardedGraph run(
            TrainingGraph training, Mesh mesh, Choices choices, Map<String, Cause> homes) {
        return new Propagation(training, mesh, choices, homes).propagate();
    }

    private ShardedGraph propagate() {
        List<Node> own = new ArrayList<>();
        for (Node node : training.graph().nodes()) {
            if (node.results().stream().noneMatch(training.follows()::containsKey)) {
                own.add(node);
                node.results().forEach(value -> ask(node, value));
            }
        }
        requests.report();
        boolean changed = true;
        while (changed) {
            changed = false;
            for (Node node : own) {
                changed |= spread(node);
            }
        }
        ShardedGraph result = result();
        WholeGroups.require(result);
        WeightUses.require(result, placed, choices);
        return result;
    }

    private void ask(Node node, Value value) {
        DimSharding[] dims = dims(value);
        requests.of(node, value)
                .forEach((dim, request) -> {
                    DimSharding asked = request.sharding();
                    dims[dim] = asked.first(free(asked.axes(), value).size());
                    if (dims[dim].isWhole() && !asked.isWhole()) {
                        return;
                    }
                    cause(value, dim, new Cause(request.toString(), request.origin()));
                    (request.layers().isEmpty() ? placed : bordered).add(value);
                });
    }

    /// As many of these axes as can split a value: none from the first on at one coordinate of
    /// which it lives.
    private List<String> free(List<String> axes, Value value) {
        return axes.stream().takeWhile(axis -> !livesAtOneOf(axis, value)).toList();
    }

    private boolean livesAtOneOf(String axis, Value value) {
        return location(value).stream().anyMatch(c -> c.axis().equals(axis));
    }

    private List<Coordinate> location(Value value) {
        return locations.getOrDefault(value, List.of());
    }

    /// Shards the dims of a node alike that belong to one factor, where exactly one sharding of it
    /// is known.
    private boolean spread(Node node) {
        ShardingRule rule = ShardingRules.of(node);
        boolean changed = false;
        for (String factor : rule.factors()) {
            List<Occurrence> all = occurrences(node, rule, factor);
            List<Occurrence> known =
                    all.stream()
                            .filter(o -> !sharding(o).isWhole() && !bordered.contains(o.value()))
                            .toList();
            if (known.stream().map(this::sharding).distinct().count() == 1) {
                DimSharding sharding = sharding(known.getFirst());
                for (Occurrence o : all) {
                    DimSharding fitting = fitting(o, sharding);
                    if (sharding(o).isWhole() && !fitting.isWhole()) {
                        dims(o.value())[o.dim()] = fitting;
                        cause(o.value(), o.dim(), follows(node, known.getFirst().value()));
                        changed = true;
                    }
                }
            }
        }
        return changed;
    }

    private static Cause follows(Node node, Value from) {
        String layer = node.layer().isEmpty() ? "" : " of " + node.layer();
        return new Cause("it goes with " + from + " through " + node.op() + layer, node.origin());
    }

    /// The longest beginning of a sharding that a dim can have: where it ends, another dim of the
    /// value has the axis, as experts have one of those that the batch is sharded over.
    private DimSharding fitting(Occurrence o, DimSharding sharding) {
        for (int length = sharding.axes().size(); length > 0; length--) {
            DimSharding beginning = sharding.first(length);
            if (fits(o, beginning)) {
                return beginning;
            }
        }
        return DimSharding.WHOLE;
    }

    private boolean fits(Occurrence o, DimSharding sharding) {
        boolean divides = o.value().type().shape().size(o.dim()) % sharding.stretches(mesh) == 0;
        for (DimSharding other : dims(o.value())) {
            divides &= other.axes().stream().noneMatch(sharding.axes()::contains);
        }
        boolean lives = sharding.axes().stream().noneMatch(axis -> livesAtOneOf(axis, o.value()));
        return divides && lives && !bordered.contains(o.value());
    }

    private ShardedGraph result() {
        Map<Value, Placement> placements = new LinkedHashMap<>();
        Map<Value, Map<Integer, Cause>> why = new LinkedHashMap<>();
        for (Node node : training.graph().nodes()) {
            for (Value value : node.results()) {
                Value root = root(value);
                placements.put(value, Placement.of(List.of(dims(root))).at(location(value)));
                Map<Integer, Cause> inherited = new LinkedHashMap<>();
                causes.getOrDefault(root, Map.of())
                        .forEach((dim, cause) ->
                                inherited.put(
                                        dim,
                                        root.equals(value)
                                                ? cause
                                                : new Cause(
                                                        "it goes with " + root, Origin.UNKNOWN)));
                location(value).stream()
                        .flatMap(c -> Stream.ofNullable(homes.get(c.axis())))
                        .findFirst()
                        .ifPresent(cause -> inherited.put(ShardedGraph.LOCATION, cause));
                why.put(value, inherited);
            }
        }
        return new ShardedGraph(training, mesh, placements, why);
    }

    private Value root(Value value) {
        Value at = value;
        while (training.follows().containsKey(at)) {
            at = training.follows().get(at);
        }
        return at;
    }

    private record Occurrence(Value value, int dim) {}

    private static List<Occurrence> occurrences(Node node, ShardingRule rule, String factor) {
        List<Occurrence> found = new ArrayList<>();
        collect(found, node.operands(), rule.operands(), factor);
        collect(found, node.results(), rule.results(), factor);
        return found;
    }

    private static void collect(
            List<Occurrence> found, List<Value> values, List<List<String>> factors, String factor) {
        for (int i = 0; i < values.size(); i++) {
            int dim = factors.get(i).indexOf(factor);
            if (dim >= 0) {
                found.add(new Occurrence(values.get(i), dim));
            }
        }
    }

    private DimSharding sharding(Occurrence o) {
        return dims(o.value())[o.dim()];
    }

    private DimSharding[] dims(Value value) {
        return shardings.computeIfAbsent(
                root(value),
                v -> {
                    var whole = new DimSharding[v.type().shape().rank()];
                    Arrays.fill(whole, DimSharding.WHOLE);
                    return whole;
                });
    }

    private void cause(Value value, int dim, Cause cause) {
        causes.computeIfAbsent(value, _ -> new LinkedHashMap<>()).put(dim, cause);
    }
}
