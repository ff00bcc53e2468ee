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
import java.util.stream.Collectors;

/// How a tensor lies over a mesh: per dim the axes that shard it, and the axes over which each
/// device holds only a summand of the value (partial). Axes named nowhere replicate it. Prints
/// `[{data}, {tensor}]`, and `[{data}, {}] sum{tensor}` when partial.
public record Placement(List<DimSharding> dims, List<String> partial) {
    public Placement {
        dims = List.copyOf(dims);
        partial = partial.stream().sorted().toList();
        var seen = new ArrayList<>(partial);
        for (DimSharding dim : dims) {
            seen.addAll(dim.axes());
        }
        for (String axis : seen) {
            if (Collections.frequency(seen, axis) > 1) {
                throw Problem.of(
                                ProblemCode.AXIS_USED_TWICE, "One axis cannot place a value twice.")
                        .fact("axis", axis)
                        .fact("placement", print(dims, partial))
                        .fix("shard only one of its dims over " + axis)
                        .exception();
            }
        }
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
        return partial.isEmpty() && dims.stream().allMatch(DimSharding::isWhole);
    }

    /// True if `axis` shards a dim of the value.
    public boolean shards(String axis) {
        return dims.stream().anyMatch(d -> d.axes().contains(axis));
    }

    public Placement withPartial(List<String> axes) {
        return new Placement(dims, axes);
    }

    /// This placement with every pending sum done.
    public Placement complete() {
        return isPartial() ? withPartial(List.of()) : this;
    }

    public Placement with(int dim, DimSharding sharding) {
        var changed = new ArrayList<>(dims);
        changed.set(dim, sharding);
        return new Placement(changed, partial);
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

    private static String print(List<DimSharding> dims, List<String> partial) {
        String shards =
                dims.stream()
                        .map(DimSharding::toString)
                        .collect(Collectors.joining(", ", "[", "]"));
        return partial.isEmpty() ? shards : shards + " sum{" + String.join(", ", partial) + "}";
    }

    @Override
    public String toString() {
        return print(dims, partial);
    }
}
