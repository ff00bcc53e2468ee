package dev.partita.compiler;

import dev.partita.compiler.plan.ExecutionPlan;
import dev.partita.compiler.plan.Step;
import dev.partita.compiler.recompute.Work;
import dev.partita.compiler.sharding.ShardedGraph;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Update;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.problem.NearMiss;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.tensor.Dim;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Answers why: which values a name is about, how they lie and what asked for it, and which
/// collectives move them for what reason.
final class Explanation {
    private final Compilation compilation;
    private final String name;

    private Explanation(Compilation compilation, String name) {
        this.compilation = compilation;
        this.name = name;
    }

    static String of(Compilation compilation, String name) {
        return new Explanation(compilation, name).print();
    }

    private String print() {
        List<String> values = values();
        List<String> again = again();
        List<String> collectives = collectives();
        if (values.isEmpty() && again.isEmpty() && collectives.isEmpty()) {
            throw Problem.of(
                            ProblemCode.UNKNOWN_DIM,
                            "Nothing in the plan is called \"" + name + "\".")
                    .fix(NearMiss.fix(name, names(), "name"))
                    .exception();
        }
        var text = new StringBuilder(name + "\n");
        values.forEach(line -> text.append("  ").append(line).append('\n'));
        again.forEach(line -> text.append("  ").append(line).append('\n'));
        collectives.forEach(line -> text.append("  ").append(line).append('\n'));
        return text.toString();
    }

    /// How the model's own values lie; gradients and state lie as what they belong to, unless they
    /// were split further.
    private List<String> values() {
        List<String> lines = new ArrayList<>();
        for (Node node : compilation.sharded().training().graph().nodes()) {
            for (Value value : node.results()) {
                boolean scalar = value.type().shape().rank() == 0;
                if (isOwn(node, value) && !scalar && isAbout(node, value)) {
                    lines.add(
                            value
                                    + " "
                                    + node.op()
                                    + " : "
                                    + value.type()
                                    + " lies "
                                    + compilation.sharded().placement(value));
                    compilation.sharded().reasons(value).forEach(why -> lines.add("    " + why));
                }
            }
        }
        return lines;
    }

    /// What is computed again in backward, all of it for the name `recompute`.
    private List<String> again() {
        Map<Value, String> again = compilation.sharded().training().again();
        List<String> lines = new ArrayList<>();
        for (Node node : compilation.sharded().training().graph().nodes()) {
            for (Value value : node.results()) {
                String why = again.get(value);
                if (why != null && (name.equals("recompute") || isAbout(node, value))) {
                    lines.add(
                            "%s, %,d bytes; %s takes about %,d operations"
                                    .formatted(
                                            why, value.type().bytes(), node.op(), Work.of(node)));
                }
            }
        }
        if (name.equals("recompute")) {
            lines.addFirst(
                    "%s: %d values are computed again"
                            .formatted(compilation.options().recompute(), lines.size()));
        }
        return lines;
    }

    private boolean isOwn(Node node, Value value) {
        ShardedGraph sharded = compilation.sharded();
        Value leader = sharded.training().follows().getOrDefault(value, value);
        boolean split = !sharded.placement(value).equals(sharded.placement(leader));
        return leader.equals(value) || (split && !(node.op() instanceof Update));
    }

    private boolean isAbout(Node node, Value value) {
        boolean parameter =
                switch (node.op()) {
                    case Op.Parameter p -> p.name().equals(name);
                    case Op.State state -> state.name().startsWith(name + "/");
                    case Op _ -> value.equals(gradient());
                };
        return parameter
                || node.layer().equals(name)
                || value.type().shape().indexOf(name) >= 0
                || compilation.sharded().placement(value).concerns(name);
    }

    private @Nullable Value gradient() {
        return compilation.sharded().training().gradients().get(name);
    }

    private List<String> collectives() {
        return compilation.plan().collectives().stream()
                .filter(this::isAbout)
                .map(each -> "%s, %,d bytes".formatted(each.start().note(), each.bytes()))
                .toList();
    }

    /// Collectives of the layer, over the axis, of tensors with the dim, or over an axis that the
    /// dim is sharded over.
    private boolean isAbout(ExecutionPlan.PlannedCollective planned) {
        Step.Start start = planned.start();
        return start.note().layer().equals(name)
                || start.op().axes().stream()
                        .anyMatch(a -> a.name().equals(name) || shardsDim(a.name()))
                || Stream.concat(start.sources().stream(), start.targets().stream())
                        .map(slot -> planned.program().slot(slot).whole())
                        .anyMatch(whole -> whole.shape().indexOf(name) >= 0);
    }

    private boolean shardsDim(String axis) {
        return compilation.options().shards().stream()
                .anyMatch(r -> r.dim().equals(name) && r.axes().contains(axis));
    }

    private Set<String> names() {
        Set<String> names = new LinkedHashSet<>(compilation.options().mesh().axisNames());
        for (Node node : compilation.sharded().training().graph().nodes()) {
            names.add(node.layer());
            node.results()
                    .forEach(v ->
                            v.type().shape().dims().stream().map(Dim::name).forEach(names::add));
        }
        names.remove("");
        return names;
    }
}
