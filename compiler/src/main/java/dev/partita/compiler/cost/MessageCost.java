package dev.partita.compiler.cost;

import dev.partita.dsl.graph.Reshard;
import java.util.List;

/// How long a collective takes: the alpha-beta model with the algorithms of the field's libraries
/// (Thakur et al. 2005, "Optimization of Collective Communication Operations in MPICH", sections
/// 4.1 to 4.5). A ring sends as little as possible and takes as many turns as there are members, a
/// tree takes few turns and sends everything twice; the faster counts. To or from one member, a
/// chain passes pieces on that follow each other, and a tree passes everything on in few turns.
///
/// A group inside one node uses its links. One that spans nodes goes round a ring through all of
/// them, of which each of its devices in a node carries a part.
public final class MessageCost {
    private MessageCost() {}

    /// Seconds of one collective.
    ///
    /// @param bytes what a member holds before or after, whichever is more
    /// @param group the ranks that take part
    public static double seconds(
            Reshard.Collective op, double bytes, List<Integer> group, ClusterSpec cluster) {
        int members = group.size();
        if (members < 2) {
            return 0;
        }
        int near = cluster.inOneNode(group);
        Link link = link(near, members, cluster);
        double turns = members - 1;
        double part = bytes / members;
        return switch (op) {
            case Reshard.AllReduce _ ->
                    Math.min(
                            2 * turns * (link.latencySeconds() + part / link.bytesPerSecond()),
                            tree(bytes, members, link));
            case Reshard.AllGather _, Reshard.ReduceScatter _ ->
                    turns * (link.latencySeconds() + part / link.bytesPerSecond());
            case Reshard.AllToAll _ -> exchange(part, near, members, cluster);
            case Reshard.Rotate _ -> {
                // the slowest neighbours: where the ring leaves a node, if it does
                DeviceSpec device = cluster.device();
                Link hop = near == members ? device.inside() : device.between();
                yield hop.latencySeconds() + bytes / hop.bytesPerSecond();
            }
            // the root sends or gets every other member's part
            case Reshard.Scatter _, Reshard.Gather _ -> exchange(part, near, members, cluster);
            case Reshard.Broadcast _, Reshard.Reduce _ ->
                    Math.min(
                            turns * link.latencySeconds() + bytes / link.bytesPerSecond(),
                            depth(members)
                                    * (link.latencySeconds() + bytes / link.bytesPerSecond()));
            case Reshard.Send _ -> link.latencySeconds() + bytes / link.bytesPerSecond();
        };
    }

    /// How many turns a binary tree takes to reach all members.
    private static double depth(int members) {
        return Math.ceil(Math.log(members) / Math.log(2));
    }

    /// Up and down a binary tree, in pieces that follow each other.
    private static double tree(double bytes, int members, Link link) {
        return 2 * depth(members) * link.latencySeconds() + 2 * bytes / link.bytesPerSecond();
    }

    /// The slowest link of a ring.
    private static Link link(int near, int members, ClusterSpec cluster) {
        Link inside = cluster.device().inside();
        if (near == members) {
            return inside;
        }
        Link between = cluster.device().between();
        return new Link(
                near == 1 ? between.latencySeconds() : inside.latencySeconds(),
                Math.min(inside.bytesPerSecond(), near * between.bytesPerSecond()));
    }

    /// Each member sends every other a part; what goes inside the node and what goes out run at the
    /// same time.
    private static double exchange(double part, int near, int members, ClusterSpec cluster) {
        Link inside = cluster.device().inside();
        Link between = cluster.device().between();
        double in = (near - 1) * part / inside.bytesPerSecond();
        double out = (members - near) * part / between.bytesPerSecond();
        double latency = near == members ? inside.latencySeconds() : between.latencySeconds();
        return latency + Math.max(in, out);
    }
}
