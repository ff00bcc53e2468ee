package dev.partita.compiler.cost;

import static com.google.common.truth.Truth.assertThat;

import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.mesh.Axis;
import dev.partita.dsl.tensor.Dtype;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class MessageCostTest {
    private static final Link INSIDE = new Link(1e-6, 100e9);
    private static final Link BETWEEN = new Link(10e-6, 10e9);
    private static final ClusterSpec CLUSTER =
            new ClusterSpec(
                    new DeviceSpec(
                            "d",
                            1L << 30,
                            Map.of(Dtype.F32, 1e12),
                            1e12,
                            100,
                            new Efficiency(0.75, 32768, 128, 0.5, 13, 0.85, 3e-6),
                            0,
                            INSIDE,
                            BETWEEN),
                    4);

    private static List<Axis> axes(int size) {
        return List.of(new Axis("data", size));
    }

    private static List<Integer> ranks(int count, int apart) {
        return IntStream.range(0, count).mapToObj(i -> i * apart).toList();
    }

    private static double allReduce(double bytes, List<Integer> group) {
        return MessageCost.seconds(
                new Reshard.AllReduce(axes(group.size())), bytes, group, CLUSTER);
    }

    @Test
    void a_ring_inside_a_node_sends_twice_its_parts() {
        double seconds = 2 * 3 * (1e-6 + 100e6 / 4 / 100e9);
        assertThat(allReduce(100e6, ranks(4, 1))).isWithin(1e-12).of(seconds);
    }

    @Test
    void few_bytes_over_many_devices_go_through_a_tree() {
        double turns = 2 * 5 * 10e-6;
        assertThat(allReduce(4, ranks(32, 4))).isWithin(1e-8).of(turns);
    }

    @Test
    void devices_of_a_node_share_the_way_out() {
        double all = allReduce(1e9, ranks(8, 1));
        double one = allReduce(1e9, ranks(8, 4));
        assertThat(one / all).isWithin(0.01).of(4);
    }

    @Test
    void an_all_gather_is_half_an_all_reduce() {
        double gather =
                MessageCost.seconds(new Reshard.AllGather(axes(4), 0), 100e6, ranks(4, 1), CLUSTER);
        assertThat(gather).isWithin(1e-12).of(allReduce(100e6, ranks(4, 1)) / 2);
    }

    @Test
    void an_all_to_all_between_nodes_waits_for_the_way_out() {
        double seconds =
                MessageCost.seconds(
                        new Reshard.AllToAll(axes(8), 0, 1), 80e6, ranks(8, 1), CLUSTER);
        assertThat(seconds).isWithin(1e-9).of(10e-6 + 4 * 10e6 / 10e9);
    }

    @Test
    void a_rotation_takes_one_hop_and_between_nodes_the_slow_one() {
        var rotate = new Reshard.Rotate(axes(4), 1);
        assertThat(MessageCost.seconds(rotate, 100e6, ranks(4, 1), CLUSTER))
                .isWithin(1e-12)
                .of(1e-6 + 100e6 / 100e9);
        assertThat(MessageCost.seconds(rotate, 100e6, ranks(4, 2), CLUSTER))
                .isWithin(1e-12)
                .of(10e-6 + 100e6 / 10e9);
    }

    @Test
    void pieces_of_a_broadcast_follow_each_other_through_a_chain() {
        double seconds =
                MessageCost.seconds(new Reshard.Broadcast(axes(4), 0), 100e6, ranks(4, 1), CLUSTER);
        assertThat(seconds).isWithin(1e-12).of(3 * 1e-6 + 100e6 / 100e9);
        double few = MessageCost.seconds(new Reshard.Reduce(axes(8), 1), 4, ranks(8, 4), CLUSTER);
        assertThat(few).isWithin(1e-8).of(3 * 10e-6);
    }

    @Test
    void the_root_of_a_scatter_sends_all_parts_but_its_own() {
        double seconds =
                MessageCost.seconds(new Reshard.Scatter(axes(4), 0, 0), 80e6, ranks(4, 1), CLUSTER);
        assertThat(seconds).isWithin(1e-9).of(1e-6 + 3 * 20e6 / 100e9);
    }

    @Test
    void a_send_takes_one_link() {
        double seconds =
                MessageCost.seconds(new Reshard.Send(axes(8), 0, 1), 80e6, List.of(0, 4), CLUSTER);
        assertThat(seconds).isWithin(1e-9).of(10e-6 + 80e6 / 10e9);
    }

    @Test
    void one_device_alone_sends_nothing() {
        assertThat(allReduce(1e9, ranks(1, 1))).isEqualTo(0.0);
    }
}
