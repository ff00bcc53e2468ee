package dev.partita.compiler.partition;

import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.mesh.Axis;
import dev.partita.dsl.mesh.DimSharding;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.mesh.Placement;
import dev.partita.dsl.tensor.Shape;
import java.util.ArrayList;
import java.util.List;

/// The way from one placement of a value to another: sums first (scattered where the result is
/// sharded), then cuts that cost nothing, then moves of an axis from dim to dim, then gathers, then
/// the cuts that were in the way.
final class Resharding {
    /// One stop on the way: what is done and how the value lies then.
    record Move(Reshard op, Placement after) {}

    private final Mesh mesh;
    private final Shape whole;
    private final Placement to;
    private final List<Move> moves = new ArrayList<>();
    private Placement at;

    private Resharding(Shape whole, Placement from, Placement to, Mesh mesh) {
        this.mesh = mesh;
        this.whole = whole;
        this.to = to;
        this.at = from;
    }

    /// The moves that take a value of shape `whole` from `from` to `to`; none if it lies so.
    ///
    /// @throws IllegalArgumentException if `to` leaves a sum pending that `from` has done
    static List<Move> moves(Shape whole, Placement from, Placement to, Mesh mesh) {
        if (!from.partial().containsAll(to.partial())) {
            throw new IllegalArgumentException(from + " cannot become " + to);
        }
        return new Resharding(whole, from, to, mesh).plan();
    }

    private List<Move> plan() {
        reduceScatter();
        allReduce();
        slice();
        allToAll();
        for (int dim = 0; dim < whole.rank(); dim++) {
            allGather(dim);
            allToAll();
        }
        slice();
        return moves;
    }

    private void reduceScatter() {
        for (int dim = 0; dim < whole.rank(); dim++) {
            for (String axis : missing(dim)) {
                if (!at.partial().contains(axis) || to.partial().contains(axis)) {
                    break;
                }
                List<String> rest = at.partial().stream().filter(a -> !a.equals(axis)).toList();
                Placement after = at.withPartial(rest).with(dim, further(dim, 1));
                move(new Reshard.ReduceScatter(axes(List.of(axis)), cut(dim, to)), after);
            }
        }
    }

    private void allReduce() {
        List<String> pending =
                mesh.axisNames().stream()
                        .filter(a -> at.partial().contains(a) && !to.partial().contains(a))
                        .toList();
        if (!pending.isEmpty()) {
            move(new Reshard.AllReduce(axes(pending)), at.withPartial(to.partial()));
        }
    }

    /// Cuts every dim as far as it is to be cut, as long as the axes are not in use elsewhere.
    private void slice() {
        for (int dim = 0; dim < whole.rank(); dim++) {
            List<String> cut = new ArrayList<>();
            for (String axis : missing(dim)) {
                if (at.shards(axis) || at.partial().contains(axis)) {
                    break;
                }
                cut.add(axis);
            }
            if (!cut.isEmpty()) {
                move(
                        new Reshard.Slice(axes(cut), cut(dim, to)),
                        at.with(dim, further(dim, cut.size())));
            }
        }
    }

    /// Moves an axis that shards one dim, innermost and unwanted there, to the dim that wants it
    /// next.
    private void allToAll() {
        for (int join = 0; join < whole.rank(); join++) {
            for (int split = 0; split < whole.rank(); split++) {
                List<String> surplus = surplus(join);
                List<String> missing = missing(split);
                if (!surplus.isEmpty()
                        && !missing.isEmpty()
                        && surplus.getLast().equals(missing.getFirst())) {
                    List<String> axis = List.of(surplus.getLast());
                    Placement after = at.with(join, at.dim(join).without(axis));
                    after = after.with(split, further(split, 1));
                    move(new Reshard.AllToAll(axes(axis), cut(split, to), cut(join, at)), after);
                }
            }
        }
    }

    private void allGather(int dim) {
        List<String> surplus = surplus(dim);
        if (!surplus.isEmpty()) {
            Placement after = at.with(dim, at.dim(dim).without(surplus));
            move(new Reshard.AllGather(axes(surplus), cut(dim, at)), after);
        }
    }

    /// How a dim lies after it was cut over the next of the axes it lacks.
    private DimSharding further(int dim, int axes) {
        return to.dim(dim).first(at.dim(dim).axes().size() + axes);
    }

    private static Reshard.Cut cut(int dim, Placement placement) {
        return new Reshard.Cut(dim, placement.dim(dim).balanced());
    }

    /// The axes a dim still lacks, if those it has are the first of those it wants, dealt alike.
    private List<String> missing(int dim) {
        int has = at.dim(dim).axes().size();
        List<String> wants = to.dim(dim).axes();
        boolean onTheWay = wants.size() >= has && to.dim(dim).first(has).equals(at.dim(dim));
        return onTheWay ? wants.subList(has, wants.size()) : List.of();
    }

    /// The axes a dim has beyond those it shares, from the outside in, with those it wants.
    private List<String> surplus(int dim) {
        List<String> has = at.dim(dim).axes();
        List<String> wants = to.dim(dim).axes();
        int shared = 0;
        boolean alike = at.dim(dim).balanced() == to.dim(dim).balanced() || to.dim(dim).isWhole();
        while (alike
                && shared < has.size()
                && shared < wants.size()
                && has.get(shared).equals(wants.get(shared))) {
            shared++;
        }
        return has.subList(shared, has.size());
    }

    private List<Axis> axes(List<String> names) {
        return names.stream().map(mesh::axis).toList();
    }

    private void move(Reshard op, Placement after) {
        moves.add(new Move(op, after));
        at = after;
    }
}
