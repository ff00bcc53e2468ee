package dev.partita.compiler.partition;

import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.mesh.Axis;
import dev.partita.dsl.mesh.Coordinate;
import dev.partita.dsl.mesh.DimSharding;
import dev.partita.dsl.mesh.Mesh;
import dev.partita.dsl.mesh.Placement;
import dev.partita.dsl.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/// The way from one placement of a value to another: sums first (scattered where the result is
/// sharded), then cuts that cost nothing, then moves of an axis from dim to dim, then gathers, as
/// few as let an axis move, then the cuts that were in the way.
///
/// A value that is to live at one coordinate of an axis comes there by a sum or a gather on it, and
/// leaves it by a scatter or a broadcast. What lives everywhere is there already. A balanced dim is
/// gathered and cut on all devices.
final class Resharding {
    /// One stop on the way: what is done and how the value lies then.
    record Move(Reshard.Grouped op, Placement after) {}

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

    /// The moves that take a value of shape `whole` from `from` to `to`; none if it lies so, or so
    /// and on more devices.
    ///
    /// @throws IllegalArgumentException if `to` leaves a sum pending that `from` has done
    static List<Move> moves(Shape whole, Placement from, Placement to, Mesh mesh) {
        if (!from.partial().containsAll(to.partial())) {
            throw new IllegalArgumentException(from + " cannot become " + to);
        }
        return new Resharding(whole, from, to, mesh).plan();
    }

    private List<Move> plan() {
        send();
        reduceScatter();
        reduce();
        allReduce();
        scatter();
        slice();
        scatter();
        broadcast();
        allToAll();
        for (int dim = 0; dim < whole.rank(); dim++) {
            while (!surplus(dim).isEmpty()) {
                gather(dim);
                allGather(dim);
                allToAll();
            }
        }
        slice();
        return moves;
    }

    /// From one coordinate of an axis to another.
    private void send() {
        for (Coordinate here : at.at()) {
            to.coordinate(here.axis())
                    .ifPresent(there -> {
                        if (there != here.index()) {
                            List<Coordinate> after = new ArrayList<>(at.at());
                            after.remove(here);
                            after.add(new Coordinate(here.axis(), there));
                            var op =
                                    new Reshard.Send(
                                            axes(List.of(here.axis())), here.index(), there);
                            move(op, at.at(after));
                        }
                    });
        }
    }

    /// Pending sums that are wanted at one coordinate are summed there.
    private void reduce() {
        List<String> pending = inOrder(axis -> at.partial().contains(axis) && arrives(axis));
        if (!pending.isEmpty()) {
            List<String> rest = at.partial().stream().filter(a -> !pending.contains(a)).toList();
            Placement after = at.withPartial(rest).at(with(pending));
            move(new Reshard.Reduce(axes(pending), root(after, pending)), after);
        }
    }

    /// Cuts a value that lives at one coordinate and gives each device its part.
    private void scatter() {
        for (int dim = 0; dim < whole.rank(); dim++) {
            List<String> cut = missing(dim).stream().takeWhile(this::leaves).toList();
            if (!cut.isEmpty() && !to.dim(dim).balanced()) {
                int root = root(at, cut);
                Placement after = at.at(without(cut)).with(dim, at.dim(dim).and(cut));
                move(new Reshard.Scatter(axes(cut), root, dim), after);
            }
        }
    }

    private void broadcast() {
        List<String> left = inOrder(this::leaves);
        if (!left.isEmpty()) {
            int root = root(at, left);
            move(new Reshard.Broadcast(axes(left), root), at.at(without(left)));
        }
    }

    /// Joins the blocks of a dim at one coordinate, if that is where they are wanted.
    private void gather(int dim) {
        List<String> surplus = surplus(dim);
        int kept = surplus.size();
        while (kept > 0 && arrives(surplus.get(kept - 1))) {
            kept--;
        }
        List<String> joined = surplus.subList(kept, surplus.size());
        if (!joined.isEmpty() && !at.dim(dim).balanced()) {
            Placement after = at.with(dim, at.dim(dim).without(joined)).at(with(joined));
            move(new Reshard.Gather(axes(joined), root(after, joined), dim), after);
        }
    }

    /// True if the value lives at one coordinate of the axis and is wanted along all of it.
    private boolean leaves(String axis) {
        return at.coordinate(axis).isPresent() && to.coordinate(axis).isEmpty();
    }

    private boolean arrives(String axis) {
        return at.coordinate(axis).isEmpty() && to.coordinate(axis).isPresent();
    }

    /// Where the value lives once it is at its coordinates of these axes too.
    private List<Coordinate> with(List<String> axes) {
        List<Coordinate> all = new ArrayList<>(at.at());
        to.at().stream().filter(c -> axes.contains(c.axis())).forEach(all::add);
        return all;
    }

    private List<Coordinate> without(List<String> axes) {
        return at.at().stream().filter(c -> !axes.contains(c.axis())).toList();
    }

    /// The member of a group over these axes that has the coordinates of a placement.
    private int root(Placement lives, List<String> axes) {
        int root = 0;
        for (String axis : axes) {
            root = root * mesh.size(axis) + lives.coordinate(axis).orElseThrow();
        }
        return root;
    }

    private List<String> inOrder(Predicate<String> which) {
        return mesh.axisNames().stream().filter(which).toList();
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
        List<String> pending = inOrder(a -> at.partial().contains(a) && !to.partial().contains(a));
        if (!pending.isEmpty()) {
            move(new Reshard.AllReduce(axes(pending)), at.withPartial(to.partial()));
        }
    }

    /// Cuts every dim as far as it is to be cut, as long as the axes are not in use elsewhere.
    private void slice() {
        for (int dim = 0; dim < whole.rank(); dim++) {
            List<String> cut = new ArrayList<>();
            for (String axis : missing(dim)) {
                if (at.concerns(axis)) {
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

    /// Gathers the axes that a dim has too many of, but for those outside of the innermost that
    /// another dim wants next, or that end at one coordinate.
    private void allGather(int dim) {
        List<String> surplus = surplus(dim);
        if (surplus.isEmpty()) {
            return;
        }
        int kept = surplus.size() - 1;
        while (kept > 0
                && !isWantedNext(surplus.get(kept - 1))
                && !arrives(surplus.get(kept - 1))) {
            kept--;
        }
        List<String> gathered = surplus.subList(kept, surplus.size());
        Placement after = at.with(dim, at.dim(dim).without(gathered));
        move(new Reshard.AllGather(axes(gathered), cut(dim, at)), after);
    }

    private boolean isWantedNext(String axis) {
        for (int dim = 0; dim < whole.rank(); dim++) {
            List<String> missing = missing(dim);
            if (!missing.isEmpty() && missing.getFirst().equals(axis)) {
                return true;
            }
        }
        return false;
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

    private void move(Reshard.Grouped op, Placement after) {
        moves.add(new Move(op, after));
        at = after;
    }
}
