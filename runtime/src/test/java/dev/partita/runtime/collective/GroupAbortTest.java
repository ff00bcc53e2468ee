package dev.partita.runtime.collective;

import static com.google.common.truth.Truth.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.kernels.Buffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class GroupAbortTest {
    @Test
    void an_abort_frees_every_waiter_and_after_a_reset_the_group_works_again() {
        int members = 5;
        var group = new LocalGroup(members);
        var buffers = new ArrayList<Buffer>();
        List<PendingCollective> collectives = open(group, buffers);
        // the last member never comes, it fails
        Members.run(
                members,
                rank -> {
                    if (rank == members - 1) {
                        group.abort();
                    } else {
                        collectives.get(rank).start();
                        assertThrows(
                                GroupAbortedException.class, () -> collectives.get(rank).finish());
                    }
                });
        group.reset();
        for (int rank = 0; rank < members; rank++) {
            Blocks.write(buffers.get(rank), rank, 1);
        }
        Members.run(
                members,
                rank -> {
                    collectives.get(rank).start();
                    collectives.get(rank).finish();
                });
        for (Buffer buffer : buffers) {
            assertThat(Blocks.read(buffer)).isEqualTo(new double[] {10, 5});
        }
    }

    @Test
    void who_comes_after_the_abort_does_not_wait_either() {
        var group = new LocalGroup(3);
        List<PendingCollective> collectives = open(group, new ArrayList<>());
        group.abort();
        collectives.get(1).start();
        assertThrows(GroupAbortedException.class, () -> collectives.get(1).finish());
    }

    private static List<PendingCollective> open(LocalGroup group, List<Buffer> buffers) {
        var collectives = new ArrayList<PendingCollective>();
        var op = new Reshard.AllReduce(Blocks.axis(group.members()));
        for (int rank = 0; rank < group.members(); rank++) {
            Buffer buffer = Blocks.empty(Blocks.type(Dtype.F32, 2));
            buffers.add(buffer);
            collectives.add(group.communicator(rank).open(op, 0, buffer, buffer));
        }
        return collectives;
    }
}
