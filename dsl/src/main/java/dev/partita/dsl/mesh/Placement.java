package dev.partita.dsl.mesh;

import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.tensor.Dim;
import dev.partita.dsl.tensor.Region;
import dev.partita.dsl.tensor.Shape;
import dev.partita.dsl.tensor.TensorType;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.Collectors;

/// How a tensor lies over a mesh: per dim the axes that shard it, the axes over which each device
/// holds only a summand of the value (partial), and the coordinates at which alone it lives. Axes
/// named nowhere replicate it. Prints `[{data}, {tensor}]`, `[{data}, {}] sum{tensor}` when
/// partial, and `[{}, {tensor}] at{data=0}` when only the devices at coordinate 0 of `data` hold
/// it.
public record Placement(List<DimSharding> dims, List<String> partial, List<Coordinate> at) {
    public Placement {
        dims = List.copyOf(dims);
        partial = partial.stream().sorted().toList();
        at = at.stream().sorted().toList();
        var seen = new ArrayList<>(partial);
        at.forEach(coordinate -> seen.add(coordinate.axis()));
        for (DimSharding dim : dims) {
            seen.addAll(dim.axes());
        }
        for (String axis : seen) {
            if (Collections.frequency(seen, axis) > 1) {
                throw Problem.of(
                                ProblemCode.AXIS_USED_TWICE, "One axis cannot place a value twice.")
                        .fact("axis", axis)
                        .fact("placement", print(dims, partial, at))
                        .fix("shard only one of its dims over " + axis)
                        .exception();
            }
        }
    }

    /// A value that lives on all devices.
    public Placement(List<DimSharding> dims, List<String> partial) {
        this(dims, partial, List.of());
    }

    /// Every device holds all of it.
    public static Placement replicated(int rank) {
        return new Placement(Collections.nCopies(rank, DimSharding.WHOLE), List.of());
    }

    public static Placement of(List<DimSharding> dims) {
        return new Placement(dims, List.of());
    }

    public DimSharding dim(int index) {
        return dims.get(index);
    }

    public boolean isPartial() {
        return !partial.isEmpty();
    }

    public boolean isReplicated() {
        return isWhole() && at.isEmpty();
    }

    /// True if every device that holds it holds all of it.
    public boolean isWhole() {
        return partial.isEmpty() && dims.stream().allMatch(DimSharding::isWhole);
    }

    /// True if device `rank` is among those that it lives on.
    public boolean isHeldBy(Mesh mesh, int rank) {
        return at.stream().allMatch(c -> mesh.coordinate(rank, c.axis()) == c.index());
    }

    /// True if `axis` has anything to do with how it lies: shards it, leaves a sum pending, or has
    /// the one coordinate at which it lives.
    public boolean concerns(String axis) {
        return shards(axis) || partial.contains(axis) || coordinate(axis).isPresent();
    }

    /// Where along `axis` alone it lives, if it does not live along all of it.
    public OptionalInt coordinate(String axis) {
        return at.stream()
                .filter(c -> c.axis().equals(axis))
                .mapToInt(Coordinate::index)
                .findFirst();
    }

    /// True if `axis` shards a dim of the value.
    public boolean shards(String axis) {
        return dims.stream().anyMatch(d -> d.axes().contains(axis));
    }

    public Placement withPartial(List<String> axes) {
        return new Placement(dims, axes, at);
    }

    /// The same blocks, on the devices at these coordinates only.
    public Placement at(List<Coordinate> coordinates) {
        return new Placement(dims, partial, coordinates);
    }

    /// This placement with every pending sum done.
    public Placement complete() {
        return isPartial() ? withPartial(List.of()) : this;
    }

    public Placement with(int dim, DimSharding sharding) {
        var changed = new ArrayList<>(dims);
        changed.set(dim, sharding);
        return new Placement(changed, partial, at);
    }

    /// The type of one device's block of a tensor of type `whole`.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `IndivisibleDim`
    public TensorType local(TensorType whole, Mesh mesh) {
        var local = new ArrayList<Dim>();
        for (int i = 0; i < dims.size(); i++) {
            Dim dim = whole.shape().dim(i);
            if (dim.size() % dims.get(i).stretches(mesh) != 0) {
                throw indivisible(dim, dims.get(i), mesh).exception();
            }
            local.add(dim.withSize(dim.size() / mesh.size(dims.get(i).axes())));
        }
        return whole.withShape(new Shape(local));
    }

    /// The Problem of a dim whose size is not a multiple of its devices.
    public static Problem indivisible(Dim dim, DimSharding sharding, Mesh mesh) {
        int parts = sharding.stretches(mesh);
        long below = dim.size() / parts * parts;
        String sizes = (below > 0 ? below + " or " : "") + (below + parts);
        return Problem.of(
                        ProblemCode.INDIVISIBLE_DIM,
                        "Dim "
                                + dim.name()
                                + " does not divide over "
                                + String.join(" x ", sharding.axes())
                                + ".")
                .fact("dim", dim)
                .fact(
                        "devices",
                        mesh.size(sharding.axes())
                                + " ("
                                + mesh
                                + ")"
                                + (sharding.balanced() ? ", two stretches each" : ""))
                .fact("left over", dim.size() % parts)
                .fix("make " + dim.name() + " " + sizes + ", or shard another dim");
    }

    /// Where the block of `rank` lies inside the whole.
    public Region region(Shape whole, Mesh mesh, int rank) {
        var places = new ArrayList<Region.Along>();
        for (int i = 0; i < dims.size(); i++) {
            places.add(dims.get(i).along(whole.size(i), mesh, rank));
        }
        return new Region(whole, places);
    }

    private static String print(List<DimSharding> dims, List<String> partial, List<Coordinate> at) {
        String shards =
                dims.stream()
                        .map(DimSharding::toString)
                        .collect(Collectors.joining(", ", "[", "]"));
        String sum = partial.isEmpty() ? "" : " sum{" + String.join(", ", partial) + "}";
        String lives =
                at.isEmpty()
                        ? ""
                        : at.stream()
                                .map(Coordinate::toString)
                                .collect(Collectors.joining(", ", " at{", "}"));
        return shards + sum + lives;
    }

    @Override
    public String toString() {
        return print(dims, partial, at);
    }
}
