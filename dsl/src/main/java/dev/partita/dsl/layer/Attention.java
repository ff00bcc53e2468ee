package dev.partita.dsl.layer;

import dev.partita.dsl.graph.AttentionOp;
import dev.partita.dsl.graph.Value;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.tensor.Dim;
import java.util.Optional;
import java.util.OptionalDouble;

/// Self-attention (Vaswani et al. 2017) with grouped queries (Ainslie et al. 2023): `[batch,
/// position, in]` stays so. Made of `<name>.query`, `<name>.key` and `<name>.value`, whose results
/// have the dim `heads`, the attention itself, and `<name>.output` back to `in`. Sharding `heads`
/// over an axis splits all of it, with one sum at its end (Megatron-LM, Shoeybi et al. 2019). Keys
/// have no bias: it would add the same to all scores of a query, which their softmax takes away.
///
/// @param heads of queries
/// @param groups heads of keys and values; each serves `heads / groups` heads of queries
/// @param isCausal true if a position sees no later one
/// @param isRotary true if queries and keys are turned by their position
/// @param first how far first weights spread; PyTorch's default if empty
public record Attention(
        String name,
        long heads,
        long groups,
        boolean isCausal,
        boolean isRotary,
        boolean biased,
        Optional<Deviations> first)
        implements Layer.Biased {
    private static final double ROTARY_BASE = 10_000;

    public Attention {
        Arguments.name("layer", name);
        Arguments.atLeast(1, name, "heads", heads);
        Arguments.atLeast(1, name, "groups", groups);
        if (heads % groups != 0) {
            throw Problem.of(
                            ProblemCode.INDIVISIBLE_DIM,
                            "The heads of queries do not divide over the heads of keys.")
                    .fact("layer", name)
                    .fact("heads", heads)
                    .fact("groups", groups)
                    .fix("a number of groups that divides " + heads)
                    .exception();
        }
    }

    /// The same where a position sees itself and earlier ones alone.
    public Attention causal() {
        return new Attention(name, heads, groups, true, isRotary, biased, first);
    }

    /// The same with this many heads of keys and values, each shared by as many heads of queries.
    public Attention groups(long newGroups) {
        return new Attention(name, heads, newGroups, isCausal, isRotary, biased, first);
    }

    /// The same with queries and keys turned by their position (Su et al. 2021).
    public Attention rotary() {
        return new Attention(name, heads, groups, isCausal, true, biased, first);
    }

    /// The same with normal first weights: of this deviation, and of another one in the last map,
    /// back to `in`. Biases are 0 at first.
    public Attention normal(double inside, double output) {
        var spread = new Deviations(inside, output);
        return new Attention(name, heads, groups, isCausal, isRotary, biased, Optional.of(spread));
    }

    @Override
    public Attention withoutBias() {
        return new Attention(name, heads, groups, isCausal, isRotary, false, first);
    }

    @Override
    public String kind() {
        return "attention";
    }

    @Override
    public Value apply(Tracer trace, Value x) {
        Dim in = trace.requireSequence(this, x).dim(2);
        var head = new Dim("heads", groups);
        var size = new Dim("head-size", headSize(trace, in));
        Value q =
                project(trace, "query", x, biased, head, new Dim("queries", heads / groups), size);
        Value k = project(trace, "key", x, false, head, size);
        Value v = project(trace, "value", x, biased, head, size);
        if (isRotary) {
            q = trace.add(new AttentionOp.Rotary(ROTARY_BASE, false), q);
            k = trace.add(new AttentionOp.Rotary(ROTARY_BASE, false), k);
        }
        var op = new AttentionOp.Attention(isCausal, 1 / Math.sqrt((double) size.size()));
        OptionalDouble last = first.map(Deviations::ofOutput).orElseGet(OptionalDouble::empty);
        Value y = trace.addAll(op, q, k, v).results().getFirst();
        return trace.part("output", () -> Projection.of(3, biased, last, in).apply(trace, y));
    }

    private Value project(Tracer trace, String part, Value x, boolean withBias, Dim... out) {
        OptionalDouble spread = first.map(Deviations::ofInside).orElseGet(OptionalDouble::empty);
        return trace.part(part, () -> Projection.of(1, withBias, spread, out).apply(trace, x));
    }

    private long headSize(Tracer trace, Dim in) {
        long size = in.size() / heads;
        if (in.size() % heads != 0 || (isRotary && size % 2 != 0)) {
            throw trace.problem(
                            ProblemCode.INDIVISIBLE_DIM,
                            "The width of the input does not divide over the heads.")
                    .fact("width", in)
                    .fact("heads", heads)
                    .fix(
                            isRotary
                                    ? "a width that is an even number of times the heads"
                                    : "a number of heads that divides " + in.size())
                    .exception();
        }
        return size;
    }
}
