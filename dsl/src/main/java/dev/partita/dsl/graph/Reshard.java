package dev.partita.dsl.graph;

import dev.partita.dsl.mesh.Axis;
import java.util.List;
import java.util.stream.Collectors;

/// An op that changes how a value lies over the mesh; only a partitioned graph has them. A group is
/// the devices that differ only along `axes`.
public sealed interface Reshard extends Op {
    List<Axis> axes();

    /// Number of devices in a group.
    default int size() {
        return axes().stream().mapToInt(Axis::size).reduce(1, Math::multiplyExact);
    }

    /// A reshard that communicates.
    sealed interface Collective extends Reshard {}

    /// Sums the blocks of a group, in rank order, on every member. Several values may be summed at
    /// once, as one bucket.
    record AllReduce(List<Axis> axes) implements Collective {
        @Override
        public String toString() {
            return "all-reduce " + names(axes);
        }
    }

    /// Joins the blocks of a group along `dim`, on every member. Several values may be joined at
    /// once, each by itself.
    record AllGather(List<Axis> axes, int dim) implements Collective {
        @Override
        public String toString() {
            return "all-gather " + names(axes) + " dim " + dim;
        }
    }

    /// Sums the blocks of a group, in rank order, and leaves each member its part along `dim`.
    /// Several values may be summed at once.
    record ReduceScatter(List<Axis> axes, int dim) implements Collective {
        @Override
        public String toString() {
            return "reduce-scatter " + names(axes) + " dim " + dim;
        }
    }

    /// Splits each block along `split`, exchanges the parts within the group and joins them along
    /// `join`.
    record AllToAll(List<Axis> axes, int split, int join) implements Collective {
        @Override
        public String toString() {
            return "all-to-all " + names(axes) + " dim " + split + " to " + join;
        }
    }

    /// Keeps this device's part along `dim`; nothing is sent.
    record Slice(List<Axis> axes, int dim) implements Reshard {
        @Override
        public String toString() {
            return "slice " + names(axes) + " dim " + dim;
        }
    }

    private static String names(List<Axis> axes) {
        return axes.stream().map(Axis::name).collect(Collectors.joining(" x "));
    }
}
