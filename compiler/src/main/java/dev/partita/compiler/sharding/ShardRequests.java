package dev.partita.compiler.sharding;

import dev.partita.compiler.ShardRequest;
import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Value;
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

/// What the user asked for, found in the graph: which dims of which values a request names. A
/// request for some layers counts more than one for all.
final class ShardRequests {
    private final Graph graph;
    private final Mesh mesh;
    private final List<ShardRequest> requests;
    private final Map<String, Problem> problems = new LinkedHashMap<>();

    ShardRequests(Graph graph, Mesh mesh, List<ShardRequest> requests) {
        this.graph = graph;
        this.mesh = mesh;
        List<ShardRequest> ordered = new ArrayList<>();
        requests.stream().filter(r -> !r.layers().isEmpty()).forEach(ordered::add);
        requests.stream().filter(r -> r.layers().isEmpty()).forEach(ordered::add);
        this.requests = ordered;
    }

    /// For each dim of `value` that is asked to be sharded, the request.
    ///
    /// Problems are gathered; [#report] throws them all.
    Map<Integer, ShardRequest> of(Node node, Value value) {
        Map<Integer, ShardRequest> asked = new LinkedHashMap<>();
        for (ShardRequest request : requests) {
            int dim = value.type().shape().indexOf(request.dim());
            if (dim >= 0 && names(request, node) && mesh.size(request.axes()) > 1) {
                ShardRequest earlier = asked.get(dim);
                if (earlier != null) {
                    if (isRival(earlier, request)
                            && !earlier.sharding().equals(request.sharding())) {
                        problem(twice(request, earlier));
                    }
                } else if (isFree(value, asked, request)) {
                    checkDivides(value.type().shape().dim(dim), request, node);
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
                        problem(usedTwice(value, axis, other, request));
                    }
                    return false;
                }
            }
        }
        return true;
    }

    private void checkDivides(Dim dim, ShardRequest request, Node node) {
        if (dim.size() % request.sharding().stretches(mesh) != 0) {
            Problem problem =
                    Placement.indivisible(dim, request.sharding(), mesh)
                            .fact("asked by", request)
                            .at(request.origin());
            problem(node.layer().isEmpty() ? problem : problem.fact("layer", node.layer()));
        }
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
                .fix(
                        "keep one, or write .over(\""
                                + String.join("\", \"", b.axes())
                                + "\", ...) to use several axes")
                .at(a.origin());
    }

    private void problem(Problem problem) {
        problems.putIfAbsent(problem.code() + problem.sentence() + problem.origin(), problem);
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
            throw new ProblemException(List.copyOf(problems.values()));
        }
    }
}
