package dev.partita.compiler.pipeline;

import dev.partita.compiler.cost.Work;
import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.problem.NearMiss;
import dev.partita.dsl.problem.Origin;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Where a forward graph may be cut into stages: between two layers, at a place that one activation
/// alone crosses, such as between the residual layers of a transformer, and before the loss.
public final class StageCuts {
    private final List<Node> nodes;
    private final int end;

    /// Numbers of the nodes before which a stage may begin.
    private final List<Integer> legal = new ArrayList<>();

    private StageCuts(Graph forward) {
        this.nodes = forward.nodes().stream().filter(n -> !(n.op() instanceof Op.Leaf)).toList();
        Value prediction = forward.output("prediction");
        int last = 0;
        for (int i = 0; i < nodes.size(); i++) {
            last = nodes.get(i).results().contains(prediction) ? i : last;
        }
        this.end = last;
        find();
    }

    /// The stage of every layer, so that the stage with most work has as little as can be.
    ///
    /// @param count of stages
    /// @throws dev.partita.dsl.problem.ProblemException `StageCut` if there are not so many places
    public static Map<String, Integer> balanced(Graph forward, int count, Origin origin) {
        var cuts = new StageCuts(forward);
        if (cuts.legal.size() < count - 1) {
            throw Problem.of(ProblemCode.STAGE_CUT, "The model cannot be cut into so many stages.")
                    .fact("stages", count)
                    .fact("at most", cuts.legal.size() + 1)
                    .fact("a stage may begin with", String.join(", ", cuts.beginnings()))
                    .fix("fewer stages, or more layers between which one activation goes")
                    .at(origin)
                    .exception();
        }
        return cuts.stages(cuts.balance(count));
    }

    /// The stage of every layer, where the user says with which layers stages begin.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `UnknownLayer`; `StageCut` if more than one
    ///   activation crosses the place, or it lies before an earlier one
    public static Map<String, Integer> before(Graph forward, List<String> layers, Origin origin) {
        var cuts = new StageCuts(forward);
        List<Integer> chosen = new ArrayList<>();
        for (String layer : layers) {
            int at = cuts.first(layer, origin);
            if (!cuts.legal.contains(at) || (!chosen.isEmpty() && at <= chosen.getLast())) {
                throw Problem.of(ProblemCode.STAGE_CUT, "A stage cannot begin here.")
                        .fact("layer", layer)
                        .fact("what would cross", String.join(", ", cuts.crossing(at)))
                        .fact("a stage may begin with", String.join(", ", cuts.beginnings()))
                        .fix("name layers that one activation alone leads to, in their order")
                        .at(origin)
                        .exception();
            }
            chosen.add(at);
        }
        return cuts.stages(chosen);
    }

    private int first(String layer, Origin origin) {
        for (int i = 0; i < nodes.size(); i++) {
            String here = nodes.get(i).layer();
            if (here.equals(layer) || here.startsWith(layer + ".")) {
                return i;
            }
        }
        throw Problem.of(ProblemCode.UNKNOWN_LAYER, "The model has no layer \"" + layer + "\".")
                .fix(NearMiss.fix(layer, beginnings(), "layer"))
                .at(origin)
                .exception();
    }

    private void find() {
        Map<String, Integer> lastOf = new HashMap<>();
        Map<Value, Integer> lastRead = new HashMap<>();
        for (int i = 0; i < nodes.size(); i++) {
            lastOf.put(nodes.get(i).layer(), i);
            for (Value operand : nodes.get(i).operands()) {
                lastRead.put(operand, i);
            }
        }
        Set<Value> crossing = new LinkedHashSet<>();
        int reach = -1;
        for (int i = 0; i <= end; i++) {
            int place = i;
            crossing.removeIf(value -> lastRead.getOrDefault(value, 0) < place);
            if (i > 0 && crossing.size() == 1 && reach < i && isActivation(crossing)) {
                legal.add(i);
            }
            nodes.get(i).results().stream()
                    .filter(result -> result.type().shape().rank() > 0)
                    .filter(result -> lastRead.getOrDefault(result, 0) > place)
                    .forEach(crossing::add);
            reach = Math.max(reach, lastOf.getOrDefault(nodes.get(i).layer(), i));
        }
    }

    /// Examples as they come are no activation: before the first layer is no place to cut.
    private static boolean isActivation(Set<Value> crossing) {
        return crossing.stream().allMatch(value -> value.type().dtype().isFloating());
    }

    /// The activations that lead from before a node to it or behind it.
    private List<String> crossing(int at) {
        List<String> crossing = new ArrayList<>();
        for (Node node : nodes.subList(0, at)) {
            for (Value result : node.results()) {
                boolean read =
                        nodes.subList(at, nodes.size()).stream()
                                .anyMatch(n -> n.operands().contains(result));
                if (read && result.type().shape().rank() > 0) {
                    crossing.add("%s of %s".formatted(result.type(), node.layer()));
                }
            }
        }
        return crossing;
    }

    private List<String> beginnings() {
        return legal.stream().map(i -> nodes.get(i).layer()).distinct().toList();
    }

    /// The cuts that leave the least to the stage that has most; by dynamic programming over the
    /// legal places.
    private List<Integer> balance(int count) {
        List<Integer> places = new ArrayList<>(legal);
        places.addFirst(0);
        places.add(nodes.size());
        double[] before = new double[nodes.size() + 1];
        for (int i = 0; i < nodes.size(); i++) {
            before[i + 1] = before[i] + Work.of(nodes.get(i));
        }
        int ends = places.size();
        double[][] most = new double[count + 1][ends];
        int[][] from = new int[count + 1][ends];
        for (double[] row : most) {
            Arrays.fill(row, Double.POSITIVE_INFINITY);
        }
        most[0][0] = 0;
        for (int stage = 1; stage <= count; stage++) {
            for (int end = stage; end < ends; end++) {
                for (int begin = stage - 1; begin < end; begin++) {
                    double work = before[places.get(end)] - before[places.get(begin)];
                    double least = Math.max(most[stage - 1][begin], work);
                    if (least < most[stage][end]) {
                        most[stage][end] = least;
                        from[stage][end] = begin;
                    }
                }
            }
        }
        List<Integer> cuts = new ArrayList<>();
        int at = ends - 1;
        for (int stage = count; stage > 1; stage--) {
            at = from[stage][at];
            cuts.addFirst(places.get(at));
        }
        return cuts;
    }

    private Map<String, Integer> stages(List<Integer> cuts) {
        Map<String, Integer> stages = new LinkedHashMap<>();
        int stage = 0;
        for (int i = 0; i < nodes.size(); i++) {
            while (stage < cuts.size() && i >= cuts.get(stage)) {
                stage++;
            }
            stages.put(nodes.get(i).layer(), stage);
        }
        return stages;
    }
}
