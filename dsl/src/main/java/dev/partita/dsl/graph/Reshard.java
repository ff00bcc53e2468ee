package dev.partita.dsl.graph;

import dev.partita.dsl.mesh.Axis;
import dev.partita.dsl.mesh.Coordinate;
import java.util.List;
import java.util.stream.Collectors;

/// An op that changes how a value lies over the mesh. Only a partitioned graph has them, but for
/// [Relocate].
public sealed interface Reshard extends Op {
    /// The same value, living elsewhere: from the devices at some coordinates to those at others,
    /// where none means everywhere. It is a border that a strategy draws in the model's graph, from
    /// which the partitioner makes collectives; its gradient is the way back. In one device's
    /// program it is what the root of a broadcast keeps: the same memory under another name.
    record Relocate(List<Coordinate> from, List<Coordinate> to) implements Reshard {
        public Relocate {
            from = from.stream().sorted().toList();
            to = to.stream().sorted().toList();
        }

        /// The way back.
        public Relocate back() {
            return new Relocate(to, from);
        }

        @Override
        public String toString() {
            return "relocate" + place(" from ", from) + place(" to ", to);
        }

        private static String place(String word, List<Coordinate> at) {
            return at.isEmpty()
                    ? ""
                    : at.stream()
                            .map(Coordinate::toString)
                            .collect(Collectors.joining(", ", word, ""));
        }
    }

    /// A reshard within groups. A group is the devices that differ only along `axes`; its members
    /// are counted row-major, the last axis fastest.
    sealed interface Grouped extends Reshard {
        List<Axis> axes();

        /// Number of devices in a group.
        default int size() {
            return axes().stream().mapToInt(Axis::size).reduce(1, Math::multiplyExact);
        }
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
    sealed interface Collective extends Grouped {
        /// True if this member of a group brings a value.
        default boolean gives(int member) {
            return true;
        }

        /// True if this member of a group gets a value. One that only brings keeps what it has.
        default boolean takes(int member) {
            return true;
        }
    }

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

    /// A collective with one member that is not like the others.
    sealed interface Rooted extends Collective {
        /// Which member, from 0.
        int root();
    }

    /// Gives every other member the block of the root, which keeps it. Several values may be sent
    /// at once.
    record Broadcast(List<Axis> axes, int root) implements Rooted {
        @Override
        public boolean gives(int member) {
            return member == root;
        }

        @Override
        public boolean takes(int member) {
            return member != root;
        }

        @Override
        public String toString() {
            return "broadcast " + names(axes) + " from " + root;
        }
    }

    /// Sums the blocks of a group, in rank order, on the root. Several values may be summed at
    /// once, each by itself.
    record Reduce(List<Axis> axes, int root) implements Rooted {
        @Override
        public boolean takes(int member) {
            return member == root;
        }

        @Override
        public String toString() {
            return "reduce " + names(axes) + " to " + root;
        }
    }

    /// Cuts the block of the root along `dim` and gives each member its part, the root too.
    record Scatter(List<Axis> axes, int root, int dim) implements Rooted {
        @Override
        public boolean gives(int member) {
            return member == root;
        }

        @Override
        public String toString() {
            return "scatter " + names(axes) + " from " + root + " dim " + dim;
        }
    }

    /// Joins the blocks of a group along `dim`, on the root.
    record Gather(List<Axis> axes, int root, int dim) implements Rooted {
        @Override
        public boolean takes(int member) {
            return member == root;
        }

        @Override
        public String toString() {
            return "gather " + names(axes) + " to " + root + " dim " + dim;
        }
    }

    /// Gives the block of member `from` to member `to`; the others of the group have no part in it.
    record Send(List<Axis> axes, int from, int to) implements Collective {
        @Override
        public boolean gives(int member) {
            return member == from;
        }

        @Override
        public boolean takes(int member) {
            return member == to;
        }

        @Override
        public String toString() {
            return "send " + names(axes) + " from " + from + " to " + to;
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
    record Slice(List<Axis> axes, Cut cut) implements Grouped {
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
