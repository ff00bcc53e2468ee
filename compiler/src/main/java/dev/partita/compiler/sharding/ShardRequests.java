package dev.partita.compiler.sharding;

import dev.partita.compiler.ShardRequest;
import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.mesh.DimSharding;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.mesh.Placement;
import dev.partita.dsl.problem.NearMiss;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import dev.partita.dsl.tensor.Dim;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/// What the user asked for, found in the graph: which dims of which values a request names. A
/// request for some layers counts more than one for all.
final class ShardRequests {
    private final Graph graph;
    private final Mesh mesh;
    private final List<ShardRequest> requests;
    private final Choices choices;
    private final Map<String, Supplier<Problem>> problems = new LinkedHashMap<>();

    /// Requests that cannot be kept, whatever else is asked.
    private final Set<ShardRequest> refused = new LinkedHashSet<>();

    ShardRequests(Graph graph, Mesh mesh, Choices choices) {
        this.graph = graph;
        this.mesh = mesh;
        this.choices = choices;
        List<ShardRequest> ordered = new ArrayList<>();
        choices.requests().stream().filter(r -> !r.layers().isEmpty()).forEach(ordered::add);
        choices.requests().stream().filter(r -> r.layers().isEmpty()).forEach(ordered::add);
        this.requests = ordered;
    }

    /// For each dim of `value` that is asked to be sharded, the request.
    ///
    /// Problems are gathered; [#report] throws them all.
    Map<Integer, ShardRequest> of(Node node, Value value) {
        Map<Integer, ShardRequest> asked = new LinkedHashMap<>();
        for (ShardRequest request : requests) {
            int dim = value.type().shape().indexOf(request.dim());
            if (dim >= 0 && names(request, node) && request.matters(mesh)) {
                ShardRequest earlier = asked.get(dim);
                if (earlier != null) {
                    if (isRival(earlier, request)
                            && !earlier.sharding().equals(request.sharding())) {
                        problem(
                                twice(request, earlier),
                                problem ->
                                        both(
                                                eitherOf(problem, earlier, request),
                                                earlier,
                                                request));
                    }
                } else if (isFree(value, asked, request)) {
                    checkDivides(value, dim, request, node);
                    asked.put(dim, request);
                }
            }
        }
        return asked;
    }

    private static boolean names(ShardRequest request, Node node) {
        return request.layers().isEmpty()
                || (request.layers().stream().anyMatch(layer -> holds(layer, node.layer()))
                        && !(node.op() instanceof Op.Leaf));
    }

    /// A layer holds itself and its parts: `attention` and `attention.query`.
    private static boolean holds(String layer, String inner) {
        return inner.equals(layer) || inner.startsWith(layer + ".");
    }

    /// Two requests of the same reach; otherwise the narrower one simply wins.
    private static boolean isRival(ShardRequest a, ShardRequest b) {
        return a.layers().isEmpty() == b.layers().isEmpty();
    }

    private boolean isFree(Value value, Map<Integer, ShardRequest> asked, ShardRequest request) {
        for (ShardRequest other : asked.values()) {
            for (String axis : request.axes()) {
                if (other.axes().contains(axis)) {
                    if (isRival(other, request)) {
                        problem(
                                usedTwice(value, axis, other, request),
                                problem -> eitherOf(problem, other, request));
                    }
                    return false;
                }
            }
        }
        return true;
    }

    private void checkDivides(Value value, int at, ShardRequest request, Node node) {
        Dim dim = value.type().shape().dim(at);
        if (dim.size() % request.sharding().stretches(mesh) != 0) {
            refused.add(request);
            Problem problem =
                    Placement.indivisible(dim, request.sharding(), mesh)
                            .fact("asked by", request)
                            .at(request.origin());
            problem(
                    node.layer().isEmpty() ? problem : problem.fact("layer", node.layer()),
                    each -> otherwise(each, value, at, request));
        }
    }

    /// The same dim over another axis, another dim of the value over the same axes, or neither;
    /// nothing if the request only follows from another.
    private Problem otherwise(Problem problem, Value value, int at, ShardRequest request) {
        if (!like(request, request.dim(), request.sharding()).equals(request)) {
            return problem;
        }
        Problem priced = problem;
        Choices own = choices;
        for (ShardRequest other : refused) {
            if (!other.equals(request)) {
                priced = priced.fact("priced without", other);
                own = own.without(other);
            }
        }
        for (String axis : mesh.axisNames()) {
            var sharding = new DimSharding(List.of(axis), request.sharding().balanced(), 0);
            if (!request.axes().contains(axis) && divides(value, at, sharding)) {
                priced = own.instead(priced, request, like(request, request.dim(), sharding));
            }
        }
        for (int i = 0; i < value.type().shape().rank(); i++) {
            if (i != at && divides(value, i, request.sharding())) {
                String dim = value.type().shape().dim(i).name();
                priced = own.instead(priced, request, like(request, dim, request.sharding()));
            }
        }
        return own.without(priced, "without it", request);
    }

    private boolean divides(Value value, int dim, DimSharding sharding) {
        return mesh.size(sharding.axes()) > 1
                && value.type().shape().size(dim) % sharding.stretches(mesh) == 0;
    }

    private static ShardRequest like(ShardRequest request, String dim, DimSharding sharding) {
        return ShardRequest.of(dim, request.layers(), sharding, request.origin());
    }

    private Problem eitherOf(Problem problem, ShardRequest a, ShardRequest b) {
        return choices.without(choices.without(problem, "only " + a, b), "only " + b, a);
    }

    /// Both axes for the dim, in either order.
    private Problem both(Problem problem, ShardRequest a, ShardRequest b) {
        Problem priced = problem;
        for (List<ShardRequest> order : List.of(List.of(a, b), List.of(b, a))) {
            ShardRequest first = order.getFirst();
            DimSharding sharding = first.sharding().and(order.getLast().axes());
            ShardRequest together = like(first, first.dim(), sharding);
            priced = choices.without(order.getLast()).instead(priced, first, together);
        }
        return priced;
    }

    private static Problem usedTwice(Value value, String axis, ShardRequest a, ShardRequest b) {
        return Problem.of(ProblemCode.AXIS_USED_TWICE, "One axis would shard two dims of a value.")
                .fact("axis", axis)
                .fact("value", value.type())
                .fact("asked by", a + " and " + b)
                .fix(
                        "drop one of the two, shard it over another axis, or restrict it with .at(\"layer\")")
                .at(b.origin());
    }

    private static Problem twice(ShardRequest a, ShardRequest b) {
        return Problem.of(
                        ProblemCode.AMBIGUOUS_PLACEMENT, "Two requests shard one dim differently.")
                .fact("dim", a.dim())
                .fact("asked by", a + " and " + b)
                .fix("keep one of the two, or shard the dim over all their axes at once")
                .at(a.origin());
    }

    private void problem(Problem problem) {
        problem(problem, bare -> bare);
    }

    /// @param priced adds what can be done, and what that costs
    private void problem(Problem problem, UnaryOperator<Problem> priced) {
        problems.putIfAbsent(
                problem.code() + problem.sentence() + problem.origin(),
                () -> priced.apply(problem));
    }

    /// Checks that every request names something that exists, and throws all Problems found.
    void report() {
        Set<String> dims = new LinkedHashSet<>();
        Set<String> layers = new LinkedHashSet<>();
        for (Node node : graph.nodes()) {
            node.results().forEach(v -> v.type().shape().dims().forEach(d -> dims.add(d.name())));
            layers.add(node.layer());
        }
        layers.remove("");
        for (ShardRequest request : requests) {
            if (!dims.contains(request.dim())) {
                problem(
                        Dim.unknown(request.dim(), dims)
                                .fact("asked by", request)
                                .at(request.origin()));
            }
            for (String layer : request.layers()) {
                if (layers.stream().noneMatch(inner -> holds(layer, inner))) {
                    problem(
                            Problem.of(
                                            ProblemCode.UNKNOWN_LAYER,
                                            "The model has no layer \"" + layer + "\".")
                                    .fact("asked by", request)
                                    .fix(NearMiss.fix(layer, layers, "layer"))
                                    .at(request.origin()));
                }
            }
        }
        if (!problems.isEmpty()) {
            throw new ProblemException(problems.values().stream().map(Supplier::get).toList());
        }
    }
}
