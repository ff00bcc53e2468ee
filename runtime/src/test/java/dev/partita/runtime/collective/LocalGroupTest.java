package dev.partita.runtime.collective;

import static com.google.common.truth.Truth.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.problem.ProblemCode;
import dev.partita.dsl.problem.ProblemException;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.dsl.tensor.TensorType;
import dev.partita.kernels.Buffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class LocalGroupTest {
    private static final double[] DIGITS = {1, 10, 100, 1000};

    @Test
    void the_digits_of_an_all_reduce_show_who_took_part() {
        assertThat(sumOfDigits(Dtype.F32, 1)).isEqualTo(1);
        assertThat(sumOfDigits(Dtype.F32, 2)).isEqualTo(11);
        assertThat(sumOfDigits(Dtype.F32, 3)).isEqualTo(111);
        assertThat(sumOfDigits(Dtype.F32, 4)).isEqualTo(1111);
    }

    @Test
    void the_digits_show_who_took_part_in_a_collective_with_a_root() {
        var axis = Blocks.axis(4);
        double[] nothing = {};
        assertThat(digitsAfter(new Reshard.Reduce(axis, 2), 1))
                .isEqualTo(new double[][] {nothing, nothing, {1111}, nothing});
        assertThat(digitsAfter(new Reshard.Broadcast(axis, 2), 1))
                .isEqualTo(new double[][] {{100}, {100}, nothing, {100}});
        assertThat(digitsAfter(new Reshard.Gather(axis, 2, 0), 1))
                .isEqualTo(new double[][] {nothing, nothing, {1, 10, 100, 1000}, nothing});
        assertThat(digitsAfter(new Reshard.Scatter(axis, 2, 0), 4))
                .isEqualTo(new double[][] {{100}, {200}, {300}, {400}});
        assertThat(digitsAfter(new Reshard.Send(axis, 2, 3), 1))
                .isEqualTo(new double[][] {nothing, nothing, nothing, {100}});
    }

    /// What each of four members gets, where member `r` brings `1, 2, 3, ...` times its digit.
    private static double[][] digitsAfter(Reshard.Collective op, int length) {
        var group = new LocalGroup(4);
        var results = new double[4][];
        var collectives = new ArrayList<PendingCollective>();
        var targets = new ArrayList<Buffer>();
        long made = PlainCollectives.targetSizes(op, new long[] {length}, 4)[0];
        for (int rank = 0; rank < 4; rank++) {
            var digits = new double[length];
            for (int i = 0; i < length; i++) {
                digits[i] = (i + 1) * DIGITS[rank];
            }
            TensorType type = Blocks.type(Dtype.F32, length);
            TensorType after = Blocks.type(Dtype.F32, made);
            targets.add(Blocks.empty(after));
            collectives.add(
                    Blocks.open(
                            group.communicator(rank),
                            rank,
                            op,
                            0,
                            List.of(Blocks.of(type, digits)),
                            List.of(targets.get(rank))));
        }
        Members.run(
                4,
                rank -> {
                    collectives.get(rank).start();
                    collectives.get(rank).finish();
                    results[rank] = op.takes(rank) ? Blocks.read(targets.get(rank)) : new double[0];
                });
        return results;
    }

    @Test
    void a_sum_on_the_root_may_be_done_in_place() {
        var group = new LocalGroup(3);
        TensorType type = Blocks.type(Dtype.F32, 2);
        var op = new Reshard.Reduce(Blocks.axis(3), 1);
        var own = new ArrayList<Buffer>();
        var collectives = new ArrayList<PendingCollective>();
        for (int rank = 0; rank < 3; rank++) {
            own.add(Blocks.of(type, DIGITS[rank], 2 * DIGITS[rank]));
            collectives.add(
                    Blocks.open(
                            group.communicator(rank),
                            rank,
                            op,
                            0,
                            List.of(own.get(rank)),
                            List.of(own.get(rank))));
        }
        Members.run(
                3,
                rank -> {
                    collectives.get(rank).start();
                    collectives.get(rank).finish();
                });
        assertThat(Blocks.read(own.get(1))).isEqualTo(new double[] {111, 222});
        assertThat(Blocks.read(own.get(2))).isEqualTo(new double[] {100, 200});
    }

    @Test
    void who_brings_waits_until_it_is_taken_and_the_wait_is_clocked() {
        var group = new LocalGroup(2);
        var clock = new WaitClock();
        Buffer number = Blocks.of(Blocks.type(Dtype.F32, 1), 7);
        Buffer taken = Blocks.empty(Blocks.type(Dtype.F32, 1));
        var op = new Reshard.Send(Blocks.axis(2), 0, 1);
        var gives = group.communicator(0, clock).open(op, 0, List.of(number), List.of());
        var takes = group.communicator(1).open(op, 0, List.of(), List.of(taken));
        Members.run(
                2,
                rank -> {
                    if (rank == 0) {
                        gives.start();
                        gives.finish();
                        // nobody reads it any more
                        Blocks.write(number, 8);
                    } else {
                        LockSupport.parkNanos(20_000_000);
                        takes.start();
                        takes.finish();
                    }
                });
        assertThat(Blocks.read(taken)).isEqualTo(new double[] {7});
        assertThat(clock.nanos()).isGreaterThan(5_000_000L);
    }

    @Test
    void a_member_that_brings_what_it_should_not_is_rejected() {
        Buffer number = Blocks.empty(Blocks.type(Dtype.F32, 1));
        var op = new Reshard.Broadcast(Blocks.axis(2), 0);
        assertThrows(
                ProblemException.class,
                () -> new LocalGroup(2).communicator(1).open(op, 0, number, number));
    }

    @Test
    void half_floats_are_summed_as_floats_and_rounded_once() {
        assertThat(sumOfDigits(Dtype.F16, 4)).isEqualTo(1111);
        assertThat(sumOfDigits(Dtype.BF16, 3)).isEqualTo(111);
        // bf16 counts in eights there
        assertThat(sumOfDigits(Dtype.BF16, 4)).isEqualTo(1112);
    }

    private static double sumOfDigits(Dtype dtype, int members) {
        var group = new LocalGroup(members);
        TensorType type = Blocks.type(dtype);
        var targets = new ArrayList<Buffer>();
        var collectives = new ArrayList<PendingCollective>();
        for (int rank = 0; rank < members; rank++) {
            targets.add(Blocks.empty(type));
            collectives.add(
                    group.communicator(rank)
                            .open(
                                    new Reshard.AllReduce(Blocks.axis(members)),
                                    0,
                                    Blocks.of(type, DIGITS[rank]),
                                    targets.get(rank)));
        }
        Members.run(
                members,
                rank -> {
                    collectives.get(rank).start();
                    collectives.get(rank).finish();
                });
        for (Buffer target : targets) {
            assertThat(Blocks.read(target)).isEqualTo(Blocks.read(targets.getFirst()));
        }
        return Blocks.read(targets.getFirst())[0];
    }

    @Test
    void a_rotation_passes_the_digits_on_and_after_a_round_all_are_home() {
        var group = new LocalGroup(4);
        TensorType type = Blocks.type(Dtype.F64, 1);
        var rotate = new Reshard.Rotate(Blocks.axis(4), 0);
        var held = new double[5][4];
        var values = new ArrayList<List<Buffer>>();
        var turns = new ArrayList<List<PendingCollective>>();
        for (int rank = 0; rank < 4; rank++) {
            values.add(new ArrayList<>(List.of(Blocks.of(type, DIGITS[rank]))));
            turns.add(new ArrayList<>());
            for (int turn = 0; turn < 4; turn++) {
                Buffer next = Blocks.empty(type);
                turns.get(rank)
                        .add(
                                group.communicator(rank)
                                        .open(rotate, turn, values.get(rank).get(turn), next));
                values.get(rank).add(next);
            }
        }
        Members.run(
                4,
                rank -> {
                    for (int turn = 0; turn <= 4; turn++) {
                        held[turn][rank] = Blocks.read(values.get(rank).get(turn))[0];
                        if (turn < 4) {
                            turns.get(rank).get(turn).start();
                            turns.get(rank).get(turn).finish();
                        }
                    }
                });
        assertThat(held[1]).isEqualTo(new double[] {1000, 1, 10, 100});
        assertThat(held[2]).isEqualTo(new double[] {100, 1000, 1, 10});
        assertThat(held[4]).isEqualTo(new double[] {1, 10, 100, 1000});
    }

    @ParameterizedTest(name = "{0} members")
    @ValueSource(ints = {2, 5, 17})
    void sums_are_taken_in_rank_order_and_every_member_gets_the_same_bits(int members) {
        var group = new LocalGroup(members);
        TensorType type = Blocks.type(Dtype.F32, 1001);
        var sources = new ArrayList<double[]>();
        var buffers = new ArrayList<Buffer>();
        var collectives = new ArrayList<PendingCollective>();
        for (int rank = 0; rank < members; rank++) {
            // large and small numbers by turns: another order rounds differently
            var values = new double[1001];
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) Math.sin(i + rank) * (rank % 2 == 0 ? 1e7f : 1f);
            }
            sources.add(values);
            buffers.add(Blocks.of(type, values));
            collectives.add(
                    group.communicator(rank)
                            .open(
                                    new Reshard.AllReduce(Blocks.axis(members)),
                                    0,
                                    buffers.get(rank),
                                    buffers.get(rank)));
        }
        Members.run(
                members,
                rank -> {
                    collectives.get(rank).start();
                    collectives.get(rank).finish();
                });
        var expected = new double[1001];
        for (int i = 0; i < expected.length; i++) {
            float sum = (float) sources.getFirst()[i];
            for (int rank = 1; rank < members; rank++) {
                sum += (float) sources.get(rank)[i];
            }
            expected[i] = sum;
        }
        for (Buffer buffer : buffers) {
            assertThat(Blocks.read(buffer)).isEqualTo(expected);
        }
    }

    @Test
    void start_never_waits_and_several_collectives_may_be_under_way() {
        var group = new LocalGroup(2);
        TensorType type = Blocks.type(Dtype.F64, 3);
        var op = new Reshard.AllReduce(Blocks.axis(2));
        var buffers = new Buffer[2][2];
        var collectives = new PendingCollective[2][2];
        for (int rank = 0; rank < 2; rank++) {
            for (int tag = 0; tag < 2; tag++) {
                double digit = DIGITS[rank] + tag * 100 * DIGITS[rank];
                buffers[rank][tag] = Blocks.of(type, digit, digit, digit);
                collectives[rank][tag] =
                        group.communicator(rank)
                                .open(op, tag, buffers[rank][tag], buffers[rank][tag]);
            }
        }
        // all four starts on this one thread: none may wait for another
        for (PendingCollective[] member : collectives) {
            member[0].start();
            member[1].start();
        }
        Members.run(
                2,
                rank -> {
                    collectives[rank][0].finish();
                    collectives[rank][1].finish();
                });
        assertThat(Blocks.read(buffers[1][0])).isEqualTo(new double[] {11, 11, 11});
        assertThat(Blocks.read(buffers[0][1])).isEqualTo(new double[] {1111, 1111, 1111});
    }

    @Test
    void a_collective_that_others_opened_differently_is_rejected() {
        var group = new LocalGroup(2);
        Buffer three = Blocks.empty(Blocks.type(Dtype.F32, 3));
        Buffer four = Blocks.empty(Blocks.type(Dtype.F32, 4));
        var op = new Reshard.AllReduce(Blocks.axis(2));
        group.communicator(0).open(op, 7, three, three);
        var otherSize =
                assertThrows(
                        ProblemException.class,
                        () -> group.communicator(1).open(op, 7, four, four));
        assertThat(otherSize.problem().code()).isEqualTo(ProblemCode.PLAN_REJECTED);
        var otherOp = new Reshard.ReduceScatter(Blocks.axis(2), 0);
        assertThrows(
                ProblemException.class, () -> group.communicator(1).open(otherOp, 7, three, three));
    }

    @Test
    void buffers_that_do_not_fit_the_op_are_rejected() {
        Buffer four = Blocks.empty(Blocks.type(Dtype.F32, 4));
        Buffer eight = Blocks.empty(Blocks.type(Dtype.F32, 8));
        var gather = new Reshard.AllGather(Blocks.axis(2), 0);
        var scatter = new Reshard.ReduceScatter(Blocks.axis(2), 0);
        var exchange = new Reshard.AllToAll(Blocks.axis(2), 0, 0);
        for (var wrong :
                List.of(
                        new Object[] {gather, eight, four},
                        new Object[] {scatter, four, eight},
                        new Object[] {exchange, four, four},
                        new Object[] {new Reshard.AllReduce(Blocks.axis(3)), four, four})) {
            var group = new LocalGroup(2);
            assertThrows(
                    ProblemException.class,
                    () ->
                            group.communicator(0)
                                    .open(
                                            (Reshard.Collective) wrong[0],
                                            0,
                                            (Buffer) wrong[1],
                                            (Buffer) wrong[2]));
        }
    }

    @Test
    void a_sum_of_labels_is_unsupported() {
        Buffer labels = Blocks.empty(Blocks.type(Dtype.I32, 4));
        var op = new Reshard.AllReduce(Blocks.axis(1));
        var e =
                assertThrows(
                        ProblemException.class,
                        () -> new LocalGroup(1).communicator(0).open(op, 0, labels, labels));
        assertThat(e.problem().code()).isEqualTo(ProblemCode.UNSUPPORTED);
    }
}
