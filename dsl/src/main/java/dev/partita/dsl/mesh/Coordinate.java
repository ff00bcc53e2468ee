package dev.partita.dsl.mesh;

import java.util.Comparator;

/// One position along an axis of a mesh, from 0. Prints `data=0`.
public record Coordinate(String axis, int index) implements Comparable<Coordinate> {
    private static final Comparator<Coordinate> ORDER =
            Comparator.comparing(Coordinate::axis).thenComparingInt(Coordinate::index);

    @Override
    public int compareTo(Coordinate other) {
        return ORDER.compare(this, other);
    }

    @Override
    public String toString() {
        return axis + "=" + index;
    }
}
