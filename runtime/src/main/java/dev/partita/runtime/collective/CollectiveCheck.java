package dev.partita.runtime.collective;

import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.graph.Reshard.Cut;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.dsl.tensor.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// Checks that members' buffers are what a collective takes and gives.
final class CollectiveCheck {
    private CollectiveCheck() {}

    /// Checks the types that members bring and get, as far as they are known.
    static void check(
            Reshard.Collective op,
            int tag,
            int members,
            List<TensorType> sources,
            List<TensorType> targets) {
        if (op.size() != members) {
            throw rejected(tag, op, "the group has " + members + " members, not " + op.size());
        }
        sources.forEach(from -> requireSum(op, tag, from.dtype()));
        for (int value = 0; value < Math.min(sources.size(), targets.size()); value++) {
            TensorType from = sources.get(value);
            TensorType to = targets.get(value);
            if (!fits(op, members, from, to) || from.dtype() != to.dtype()) {
                throw rejected(tag, op, "it cannot make " + to + " of " + from);
            }
        }
    }

    private static boolean fits(
            Reshard.Collective op, int members, TensorType from, TensorType to) {
        return switch (op) {
            case Reshard.AllReduce _,
                    Reshard.Rotate _,
                    Reshard.Reduce _,
                    Reshard.Broadcast _,
                    Reshard.Send _ ->
                    scaled(from, -1, 1, to);
            case Reshard.AllGather(_, Cut cut) ->
                    scaled(from, cut.dim(), members, to) && halves(cut, from);
            case Reshard.Gather(_, _, int dim) -> scaled(from, dim, members, to);
            case Reshard.ReduceScatter(_, Cut cut) ->
                    scaled(to, cut.dim(), members, from) && halves(cut, to);
            case Reshard.Scatter(_, _, int dim) -> scaled(to, dim, members, from);
            case Reshard.AllToAll(_, Cut split, Cut join) when split.dim() == join.dim() ->
                    scaled(from, -1, 1, to) && from.shape().size(split.dim()) % members == 0;
            case Reshard.AllToAll(_, Cut split, Cut join) ->
                    exchanged(from, split.dim(), join.dim(), members, to)
                            && halves(split, to)
                            && halves(join, from);
        };
    }

    /// True if `small` with its dim `dim` multiplied by `factor` has the sizes of `large`.
    private static boolean scaled(TensorType small, int dim, int factor, TensorType large) {
        boolean fits = small.shape().rank() == large.shape().rank();
        for (int i = 0; fits && i < small.shape().rank(); i++) {
            fits = small.shape().size(i) * (i == dim ? factor : 1) == large.shape().size(i);
        }
        return fits;
    }

    /// True if a block is halves where the cut makes it so.
    private static boolean halves(Cut cut, TensorType block) {
        return !cut.balanced() || block.shape().size(cut.dim()) % 2 == 0;
    }

    private static boolean exchanged(
            TensorType from, int split, int join, int members, TensorType to) {
        boolean fits = from.shape().rank() == to.shape().rank();
        for (int i = 0; fits && i < from.shape().rank(); i++) {
            long before = from.shape().size(i) * (i == join ? members : 1);
            long after = to.shape().size(i) * (i == split ? members : 1);
            fits = before == after;
        }
        return fits;
    }

    private static void requireSum(Reshard.Collective op, int tag, Dtype dtype) {
        boolean sums =
                op instanceof Reshard.AllReduce
                        || op instanceof Reshard.ReduceScatter
                        || op instanceof Reshard.Reduce;
        if (sums && !dtype.isFloating()) {
            throw Problem.of(ProblemCode.UNSUPPORTED, "A collective sums floating numbers only.")
                    .fact("collective", op + ", tag " + tag)
                    .fact("dtype", dtype)
                    .fix("convert the value before it is summed")
                    .exception();
        }
    }

    /// Others still read the source while the target is written; only sums that are read by who
    /// writes them, of an all-reduce or a reduce, can be done in place.
    static void requireApart(
            Reshard.Collective op,
            int tag,
            int members,
            MemorySegment source,
            MemorySegment target) {
        boolean shared = source.asOverlappingSlice(target).isPresent();
        boolean same =
                source.address() == target.address() && source.byteSize() == target.byteSize();
        boolean sums = op instanceof Reshard.AllReduce || op instanceof Reshard.Reduce;
        boolean inPlace = same && (sums || members == 1);
        if (shared && !inPlace) {
            throw rejected(tag, op, "its source and target overlap");
        }
    }

    static ProblemException rejected(int tag, Reshard.Collective op, String because) {
        return Problem.of(ProblemCode.PLAN_REJECTED, "A collective does not fit its buffers.")
                .fact("collective", op + ", tag " + tag)
                .fact("because", because)
                .fix("report this: the compiler made a wrong plan")
                .exception();
    }
}
