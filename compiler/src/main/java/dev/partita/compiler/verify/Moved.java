package dev.partita.compiler.verify;

import dev.partita.compiler.plan.Program;
import dev.partita.compiler.plan.Step;
import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.mesh.Axis;
import dev.partita.dsl.mesh.Coordinate;
import dev.partita.dsl.mesh.DimSharding;
import dev.partita.dsl.mesh.Placement;
import dev.partita.dsl.problem.ProblemException;
import java.util.ArrayList;
import java.util.List;

/// Where a collective leaves a value.
final class Moved {
    private Moved() {}

    /// How a value lies after the collective of `start` that lay as `placement` before.
    ///
    /// @throws ProblemException `PlanRejected` if it cannot have lain so
    static Placement after(Program program, Step.Start start, Placement placement) {
        try {
            return after(start.op(), placement);
        } catch (IllegalArgumentException | ProblemException e) {
            throw PlanVerifier.rejected(
                    program, start, "it cannot move a value that lies " + placement);
        }
    }

    private static Placement after(Reshard.Collective op, Placement placement) {
        List<String> axes = op.axes().stream().map(Axis::name).toList();
        List<String> rest = placement.partial().stream().filter(a -> !axes.contains(a)).toList();
        return switch (op) {
            case Reshard.AllReduce _ -> placement.withPartial(rest);
            case Reshard.AllGather(var _, Reshard.Cut cut) ->
                    placement.with(cut.dim(), joined(placement, cut, axes));
            case Reshard.ReduceScatter(var _, Reshard.Cut cut) ->
                    placement.withPartial(rest).with(cut.dim(), cut(placement, cut, axes));
            case Reshard.AllToAll(var _, Reshard.Cut split, Reshard.Cut join) ->
                    placement
                            .with(join.dim(), joined(placement, join, axes))
                            .with(split.dim(), cut(placement, split, axes));
            case Reshard.Rotate(var _, int dim) ->
                    placement.with(dim, turned(placement.dim(dim), axes, op.size()));
            case Reshard.Broadcast(var group, int root) -> left(placement, group, root);
            case Reshard.Reduce(var group, int root) ->
                    arrived(placement.withPartial(rest), group, root);
            case Reshard.Scatter(var group, int root, int dim) ->
                    left(placement, group, root).with(dim, placement.dim(dim).and(axes));
            case Reshard.Gather(var group, int root, int dim) ->
                    arrived(placement.with(dim, placement.dim(dim).without(axes)), group, root);
            case Reshard.Send(var group, int from, int to) ->
                    arrived(left(placement, group, from), group, to);
        };
    }

    private static DimSharding turned(DimSharding before, List<String> axes, int devices) {
        if (!before.axes().equals(axes)) {
            throw new IllegalArgumentException(before + " does not go round " + axes);
        }
        return before.turnedTo((before.turned() + 1) % devices);
    }

    private static DimSharding joined(Placement placement, Reshard.Cut cut, List<String> axes) {
        DimSharding before = placement.dim(cut.dim());
        if (before.balanced() != cut.balanced()) {
            throw new IllegalArgumentException(before + " is not joined as " + cut);
        }
        return before.without(axes);
    }

    private static DimSharding cut(Placement placement, Reshard.Cut cut, List<String> axes) {
        return placement.dim(cut.dim()).cut(axes, cut.balanced());
    }

    /// No longer at the coordinates of `member` alone.
    private static Placement left(Placement placement, List<Axis> axes, int member) {
        List<Coordinate> at = new ArrayList<>(placement.at());
        if (!at.containsAll(coordinates(axes, member))) {
            throw new IllegalArgumentException(
                    placement + " is not at " + coordinates(axes, member));
        }
        at.removeAll(coordinates(axes, member));
        return placement.at(at);
    }

    private static Placement arrived(Placement placement, List<Axis> axes, int member) {
        List<Coordinate> at = new ArrayList<>(placement.at());
        at.addAll(coordinates(axes, member));
        return placement.at(at);
    }

    private static List<Coordinate> coordinates(List<Axis> axes, int member) {
        List<Coordinate> coordinates = new ArrayList<>();
        int left = member;
        for (Axis axis : axes.reversed()) {
            coordinates.add(new Coordinate(axis.name(), left % axis.size()));
            left /= axis.size();
        }
        return coordinates;
    }
}
