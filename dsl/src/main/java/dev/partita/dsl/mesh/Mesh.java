package dev.partita.dsl.mesh;

import dev.partita.dsl.problem.NearMiss;
import dev.partita.dsl.problem.Problem;
import dev.partita.dsl.problem.ProblemCode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;

/// Devices arranged along named axes; ranks count row-major, the last axis fastest. Prints
/// `mesh[data=2, tensor=4]`; [#parse] reads `data=2,tensor=4`.
public record Mesh(List<Axis> axes) {
    /// The mesh of one device, with no axis.
    public static final Mesh ONE_DEVICE = new Mesh(List.of());

    public Mesh {
        axes = List.copyOf(axes);
        for (int i = 0; i < axes.size(); i++) {
            Axis axis = axes.get(i);
            if (axis.size() < 1 || !axis.name().matches("[A-Za-z][A-Za-z0-9_-]*")) {
                throw Problem.of(
                                ProblemCode.INVALID_MESH,
                                "An axis needs a name that starts with a letter and at least one device.")
                        .fact("axis", axis)
                        .fix("write the mesh as data=2,tensor=4")
                        .exception();
            }
            if (names(axes.subList(0, i)).contains(axis.name())) {
                throw Problem.of(
                                ProblemCode.DUPLICATE_NAME,
                                "The mesh has two axes of the same name.")
                        .fact("axis", axis.name())
                        .fix("name every axis once")
                        .exception();
            }
        }
    }

    public static Mesh of(String axis, int size) {
        return new Mesh(List.of(new Axis(axis, size)));
    }

    /// This mesh with one more axis, whose devices are neighbours in rank.
    public Mesh by(String axis, int size) {
        var more = new ArrayList<>(axes);
        more.add(new Axis(axis, size));
        return new Mesh(more);
    }

    /// Reads `data=2,tensor=4`; the empty text is one device.
    public static Mesh parse(String text) {
        var axes = new ArrayList<Axis>();
        for (String part : text.isBlank() ? new String[0] : text.split(",", -1)) {
            int equals = part.indexOf('=');
            try {
                axes.add(
                        new Axis(
                                part.substring(0, equals).strip(),
                                Integer.parseInt(part.substring(equals + 1).strip())));
            } catch (IndexOutOfBoundsException | NumberFormatException e) {
                throw Problem.of(
                                ProblemCode.INVALID_MESH,
                                "A mesh is written as axis=size, separated by commas.")
                        .fact("given", text)
                        .fact("at", part)
                        .fix("write for example data=2,tensor=2")
                        .exception(e);
            }
        }
        return new Mesh(axes);
    }

    /// Number of devices.
    public int devices() {
        int product = 1;
        for (Axis axis : axes) {
            product = Math.multiplyExact(product, axis.size());
        }
        return product;
    }

    public boolean has(String axis) {
        return names(axes).contains(axis);
    }

    /// Number of devices along an axis.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `UnknownAxis`, with the near miss
    public int size(String axis) {
        return axis(axis).size();
    }

    /// The axis of this name.
    ///
    /// @throws dev.partita.dsl.problem.ProblemException `UnknownAxis`, with the near miss
    public Axis axis(String name) {
        for (Axis axis : axes) {
            if (axis.name().equals(name)) {
                return axis;
            }
        }
        throw Problem.of(ProblemCode.UNKNOWN_AXIS, "The mesh has no axis \"" + name + "\".")
                .fact("mesh", this)
                .fix(NearMiss.fix(name, names(axes), "axis"))
                .exception();
    }

    /// Product of the sizes of these axes: the size of the groups that communicate over them.
    public int size(Collection<String> names) {
        int product = 1;
        for (String name : names) {
            product *= size(name);
        }
        return product;
    }

    /// Position of `rank` along `axis`.
    public int coordinate(int rank, String axis) {
        int stride = 1;
        for (int i = axes.size() - 1; i >= 0; i--) {
            Axis here = axes.get(i);
            if (here.name().equals(axis)) {
                return rank / stride % here.size();
            }
            stride *= here.size();
        }
        return axis(axis).size();
    }

    /// Position of `rank` in its group over `names`, the last name fastest.
    public int coordinate(int rank, List<String> names) {
        int position = 0;
        for (String name : names) {
            position = position * size(name) + coordinate(rank, name);
        }
        return position;
    }

    /// The ranks that differ from `rank` only along `names`, itself included, ordered by
    /// [#coordinate(int, List)].
    public List<Integer> group(int rank, List<String> names) {
        List<Integer> members = List.of(leader(rank, names));
        for (String name : names) {
            int stride = stride(name);
            List<Integer> more = new ArrayList<>();
            for (int member : members) {
                for (int i = 0; i < size(name); i++) {
                    more.add(member + i * stride);
                }
            }
            members = more;
        }
        return List.copyOf(members);
    }

    /// The first rank of [#group].
    public int leader(int rank, List<String> names) {
        int leader = rank;
        for (String name : names) {
            leader -= coordinate(rank, name) * stride(name);
        }
        return leader;
    }

    /// How far apart in rank two neighbours along an axis are.
    private int stride(String axis) {
        int stride = 1;
        for (int i = axes.size() - 1; i >= 0 && !axes.get(i).name().equals(axis); i--) {
            stride *= axes.get(i).size();
        }
        return stride;
    }

    private static List<String> names(List<Axis> axes) {
        return axes.stream().map(Axis::name).toList();
    }

    /// Names of the axes, in order.
    public List<String> axisNames() {
        return names(axes);
    }

    @Override
    public String toString() {
        return axes.stream().map(Axis::toString).collect(Collectors.joining(", ", "mesh[", "]"));
    }
}
