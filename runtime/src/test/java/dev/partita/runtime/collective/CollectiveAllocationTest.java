package dev.partita.runtime.collective;

import static com.google.common.truth.Truth.assertThat;

import com.sun.management.ThreadMXBean;
import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.mesh.Axis;
import dev.partita.dsl.tensor.Dtype;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class CollectiveAllocationTest {
    private static final int MEMBERS = 8;
    private static final int WARM_UP = 2_000;
    private static final int MEASURED = 200;

    @Test
    void start_and_finish_allocate_nothing_on_the_heap() {
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        var group = new LocalGroup(MEMBERS);
        List<List<PendingCollective>> collectives = open(group);
        var allocated = new long[MEMBERS];
        Members.run(
                MEMBERS,
                rank -> {
                    for (int round = 0; round < WARM_UP; round++) {
                        step(collectives.get(rank));
                    }
                    long before = threads.getCurrentThreadAllocatedBytes();
                    for (int round = 0; round < MEASURED; round++) {
                        step(collectives.get(rank));
                    }
                    allocated[rank] = threads.getCurrentThreadAllocatedBytes() - before;
                });
        for (long bytes : allocated) {
            // less than one byte a collective: what is seen is the measuring itself
            assertThat(bytes).isLessThan(MEASURED);
        }
    }

    private static void step(List<PendingCollective> collectives) {
        for (int i = 0; i < collectives.size(); i++) {
            collectives.get(i).start();
        }
        for (int i = 0; i < collectives.size(); i++) {
            collectives.get(i).finish();
        }
    }

    private static List<List<PendingCollective>> open(LocalGroup group) {
        var axis = Blocks.axis(MEMBERS);
        var small = Blocks.type(Dtype.F32, 3, 5);
        var large = Blocks.type(Dtype.F32, 3, 5 * MEMBERS);
        var turned = Blocks.type(Dtype.F32, 3 * MEMBERS, 5);
        var all = new ArrayList<List<PendingCollective>>();
        for (int rank = 0; rank < MEMBERS; rank++) {
            Communicator member = group.communicator(rank);
            var part = Blocks.empty(small);
            var whole = Blocks.empty(large);
            var opened = new ArrayList<PendingCollective>();
            for (Reshard.Collective op : rooted(axis)) {
                var from = op instanceof Reshard.Scatter ? large : small;
                var to = op instanceof Reshard.Gather ? large : small;
                opened.add(
                        Blocks.open(
                                member,
                                rank,
                                op,
                                5 + opened.size(),
                                List.of(Blocks.empty(from)),
                                List.of(Blocks.empty(to))));
            }
            opened.addAll(
                    List.of(
                            member.open(new Reshard.AllReduce(axis), 0, part, part),
                            member.open(new Reshard.AllGather(axis, 1), 1, part, whole),
                            member.open(new Reshard.Rotate(axis, 1), 4, part, Blocks.empty(small)),
                            member.open(
                                    new Reshard.ReduceScatter(axis, 1),
                                    2,
                                    whole,
                                    Blocks.empty(small)),
                            member.open(
                                    new Reshard.AllToAll(axis, 1, 0),
                                    3,
                                    whole,
                                    Blocks.empty(turned))));
            all.add(opened);
        }
        return all;
    }

    private static List<Reshard.Collective> rooted(List<Axis> axis) {
        return List.of(
                new Reshard.Broadcast(axis, 3),
                new Reshard.Reduce(axis, 3),
                new Reshard.Scatter(axis, 3, 1),
                new Reshard.Gather(axis, 3, 1),
                new Reshard.Send(axis, 3, 4));
    }
}
