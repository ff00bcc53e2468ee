package dev.partita.dsl.mesh;

import java.util.Collection;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// Devices of a mesh that do the same. Prints the coordinates that tell them from the others:
/// `data=0`, `data=1..3`, `pipe=0|2, tensor=1`; `all` if nothing does; their ranks if coordinates
/// cannot.
///
/// @param ranks in order, at least one
public record Role(Mesh mesh, List<Integer> ranks) {
    private static final int MOST_NAMED = 4;

    public Role {
        ranks = List.copyOf(ranks);
        if (ranks.isEmpty()) {
            throw new IllegalArgumentException("no device has this role");
        }
    }

    /// All devices of a mesh.
    public static Role all(Mesh mesh) {
        return new Role(mesh, IntStream.range(0, mesh.devices()).boxed().toList());
    }

    /// One of the devices, to ask about all of them.
    public int representative() {
        return ranks.getFirst();
    }

    /// The ranks: `0, 1, 2, 3 and 60 more`.
    public String rankList() {
        String named =
                ranks.stream()
                        .limit(MOST_NAMED)
                        .map(String::valueOf)
                        .collect(Collectors.joining(", "));
        return ranks.size() <= MOST_NAMED
                ? named
                : named + " and " + (ranks.size() - MOST_NAMED) + " more";
    }

    private Collection<Integer> coordinates(Axis axis) {
        return ranks.stream()
                .map(rank -> mesh.coordinate(rank, axis.name()))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static String print(Axis axis, Collection<Integer> coordinates) {
        List<Integer> all = List.copyOf(coordinates);
        boolean run = all.getLast() - all.getFirst() == all.size() - 1;
        String text =
                run && all.size() > 1
                        ? all.getFirst() + ".." + all.getLast()
                        : all.stream().map(String::valueOf).collect(Collectors.joining("|"));
        return axis.name() + "=" + text;
    }

    @Override
    public String toString() {
        int box =
                mesh.axes().stream()
                        .mapToInt(axis -> coordinates(axis).size())
                        .reduce(1, Math::multiplyExact);
        if (box != ranks.size()) {
            return (ranks.size() == 1 ? "rank " : "ranks ") + rankList();
        }
        String told =
                mesh.axes().stream()
                        .filter(axis -> coordinates(axis).size() < axis.size())
                        .map(axis -> print(axis, coordinates(axis)))
                        .collect(Collectors.joining(", "));
        return told.isEmpty() ? "all" : told;
    }
}
