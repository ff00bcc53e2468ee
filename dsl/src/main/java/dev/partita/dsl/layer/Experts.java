package dev.partita.dsl.layer;

import dev.partita.dsl.graph.Elementwise;
import dev.partita.dsl.graph.Graph;
import dev.partita.dsl.graph.Initializer;
import dev.partita.dsl.graph.Node;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.RoutingOp;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.tensor.Dim;
import dev.partita.dsl.tensor.Shape;
import java.util.List;
import java.util.OptionalDouble;

/// A mixture of experts (GShard, Lepikhin et al. 2020; Switch Transformer, Fedus et al. 2021):
/// `[batch, position, in]` stays so. `<name>.router` gives every position a probability per expert;
/// each of its most probable experts, feed-forward networks without biases, takes it in if there is
/// a slot, see [RoutingOp.Route]; the result is the sum of what they make of it. A position that
/// finds no slot gets zeros: put the layer into a residual.
///
/// The weights `<name>.up[expert, ffn, in]` and `<name>.down[expert, in, ffn]` and the slots
/// `[expert, group, capacity, in]` have the dim `expert`: sharding it over an axis spreads the
/// experts. Where that axis shards the batch as well, slots travel to their experts and back by
/// all-to-all; where it does not, every device fills the slots of its own experts and results are
/// summed. The router's own dim is called `router`, and a `group` is an example of the batch.
///
/// @param count of experts
/// @param hidden width inside an expert, the dim `ffn`
/// @param choices experts of each position
/// @param capacity how many slots an expert has
/// @param auxiliary weight of the loss that evens out the experts' loads
/// @param gated true if experts are `down(silu(gate(x)) * up(x))` instead of `down(gelu(up(x)))`
public record Experts(
        String name,
        long count,
        long hidden,
        int choices,
        Capacity capacity,
        double auxiliary,
        boolean gated)
        implements Layer {

    public Experts {
        Arguments.name("layer", name);
        Arguments.atLeast(1, name, "number of experts", count);
        Arguments.atLeast(1, name, "hidden size", hidden);
        Arguments.notNegative(name, "weight of the auxiliary loss", auxiliary);
        if (choices < 1 || choices > count) {
            throw Problem.of(
                            ProblemCode.INVALID_ARGUMENT,
                            "A position chooses between one and all of the experts.")
                    .fact("layer", name)
                    .fact("experts", count)
                    .fact("chosen", choices)
                    .fix("write for example topK(" + Math.min(2, count) + ")")
                    .exception();
        }
    }

    /// The same with this many experts for each position.
    public Experts topK(int experts) {
        return new Experts(name, count, hidden, experts, capacity, auxiliary, gated);
    }

    /// The same with slots for `factor` times what the experts would have to take in if all were
    /// chosen equally often; what finds no slot is dropped.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `InvalidArgument` unless it is positive
    public Experts capacity(double factor) {
        return new Experts(
                name, count, hidden, choices, new Capacity.Factor(factor), auxiliary, gated);
    }

    /// The same where no choice is ever dropped: every expert has a slot for every position.
    public Experts dropless() {
        return new Experts(name, count, hidden, choices, new Capacity.Dropless(), auxiliary, gated);
    }

    /// The same with this weight of the loss that evens out the experts' loads; 0 for none.
    public Experts auxiliary(double weight) {
        return new Experts(name, count, hidden, choices, capacity, weight, gated);
    }

    /// The same where experts are `down(silu(gate(x)) * up(x))` (Shazeer 2020).
    public Experts swiGlu() {
        return new Experts(name, count, hidden, choices, capacity, auxiliary, true);
    }

    @Override
    public String kind() {
        return "experts";
    }

    @Override
    public Value apply(Tracer trace, Value x) {
        Shape shape = trace.requireSequence(this, x);
        long slots =
                capacity.slots(shape.size(1), choices, count)
                        .orElseThrow(() -> Capacity.missing(this, trace, x.type()));
        Dim in = shape.dim(2);
        Value probabilities = trace.part("router", () -> probabilities(trace, x));
        Node routed = trace.addAll(new RoutingOp.Route(choices, slots), probabilities);
        if (trace.training()) {
            observe(trace, probabilities, routed.results().get(2), routed.results().get(3));
        }
        Value weights = routed.results().get(0);
        Value positions = routed.results().get(1);
        var expert = new Dim("expert", count);
        var group = new Dim("group", shape.size(0));
        Shape all = Shape.distinct(List.of(expert, group, new Dim("capacity", slots), in));
        Value slotted =
                trace.part("dispatch", () -> trace.add(new RoutingOp.Dispatch(all), x, positions));
        var ffn = new Dim("ffn", hidden);
        Value up = trace.part("up", () -> each(trace, slotted, expert, ffn));
        Value active;
        if (gated) {
            Value gate = trace.part("gate", () -> each(trace, slotted, expert, ffn));
            active =
                    trace.add(
                            new Elementwise.Multiply(),
                            trace.add(new Elementwise.Silu(), gate),
                            up);
        } else {
            active = trace.add(new Elementwise.Gelu(), up);
        }
        Value down = trace.part("down", () -> each(trace, active, expert, in));
        return trace.part(
                "combine", () -> trace.add(new RoutingOp.Combine(shape), down, positions, weights));
    }

    /// A linear map of the innermost dim, another one for every expert.
    private static Value each(Tracer trace, Value x, Dim expert, Dim out) {
        Dim in = x.type().shape().dim(3);
        var initializer = new Initializer.Uniform(1 / Math.sqrt((double) in.size()));
        Value weight = trace.parameter("weight", initializer, expert, out, in);
        return trace.add(Op.Einsum.of("egck,eok->egco"), x, weight);
    }

    private Value probabilities(Tracer trace, Value x) {
        Value scores =
                Projection.of(1, false, OptionalDouble.empty(), new Dim("router", count))
                        .apply(trace, x);
        return trace.add(new Op.Softmax(), scores);
    }

    private void observe(Tracer trace, Value probabilities, Value chosen, Value dropped) {
        Shape shape = probabilities.type().shape();
        double all = (double) shape.size(0) * trace.microBatches() * shape.size(1) * choices;
        if (auxiliary > 0) {
            balance(trace, probabilities, chosen, auxiliary * count / (all * shape.size(1)));
        }
        share(trace, Graph.CHOSEN, chosen, all);
        share(trace, Graph.DROPPED, dropped, all);
    }

    /// For every example `experts * sum over experts of (share of choices * mean probability)`
    /// (Fedus et al. 2021, equation 4, for any number of choices), and the mean of that over all
    /// examples of the whole batch: least, and then `auxiliary`, where all experts are alike.
    private static void balance(Tracer trace, Value probabilities, Value chosen, double factor) {
        Value sums = trace.add(new Op.Sum(List.of(1)), probabilities);
        Value products = trace.add(new Elementwise.Multiply(), sums, chosen);
        Value sum = trace.add(new Op.Sum(List.of(0, 1)), products);
        trace.addLoss(trace.add(new Elementwise.Scale(factor), sum));
    }

    /// Per expert, of all choices in the whole batch.
    private static void share(Tracer trace, String metric, Value counts, double all) {
        Value sum = trace.add(new Op.Sum(List.of(0)), counts);
        trace.metric(metric, trace.add(new Elementwise.Scale(1 / all), sum));
    }
}
