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

    /// The dim of a value that is cut over a group, and how: in order, or balanced as
    /// [dev.partita.dsl.mesh.DimSharding] has it. Prints `1` or `1 balanced`.
    record Cut(int dim, boolean balanced) {
        @Override
        public String toString() {
            return dim + (balanced ? " balanced" : "");
        }
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

    /// Joins the blocks of a group along the dim of `cut`, on every member. Several values may be
    /// joined at once, each by itself.
    record AllGather(List<Axis> axes, Cut cut) implements Collective {
        /// In order.
        public AllGather(List<Axis> axes, int dim) {
            this(axes, new Cut(dim, false));
        }

        @Override
        public String toString() {
            return "all-gather " + names(axes) + " dim " + cut;
        }
    }

    /// Sums the blocks of a group, in rank order, and leaves each member its part along the dim of
    /// `cut`. Several values may be summed at once.
    record ReduceScatter(List<Axis> axes, Cut cut) implements Collective {
        /// In order.
        public ReduceScatter(List<Axis> axes, int dim) {
            this(axes, new Cut(dim, false));
        }

        @Override
        public String toString() {
            return "reduce-scatter " + names(axes) + " dim " + cut;
        }
    }

    /// Splits each block along `split`, exchanges the parts within the group and joins them along
    /// `join`.
    record AllToAll(List<Axis> axes, Cut split, Cut join) implements Collective {
        /// In order.
        public AllToAll(List<Axis> axes, int split, int join) {
            this(axes, new Cut(split, false), new Cut(join, false));
        }

        @Override
        public String toString() {
            return "all-to-all " + names(axes) + " dim " + split + " to " + join;
        }
    }

    /// Passes the blocks of a group along `dim` on to the next member, from the last to the first,
    /// and takes those of the member before. Several values may be passed on at once.
    record Rotate(List<Axis> axes, int dim) implements Collective {
        @Override
        public String toString() {
            return "rotate " + names(axes) + " dim " + dim;
        }
    }

    /// Keeps this device's part along the dim of `cut`; nothing is sent.
    record Slice(List<Axis> axes, Cut cut) implements Reshard {
        /// In order.
        public Slice(List<Axis> axes, int dim) {
            this(axes, new Cut(dim, false));
        }

        @Override
        public String toString() {
            return "slice " + names(axes) + " dim " + cut;
        }
    }

    private static String names(List<Axis> axes) {
        return axes.stream().map(Axis::name).collect(Collectors.joining(" x "));
    }
}
