package dev.partita.runtime.collective;

import static com.google.common.truth.Truth.assertWithMessage;

import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.graph.Reshard.Cut;
import dev.partita.dsl.mesh.Axis;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.kernels.Buffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Every collective along every dim against [PlainCollectives], over group sizes, odd lengths and
/// several rounds.
final class CollectiveTwinTest {
    private static final int ROUNDS = 3;

    static Stream<Integer> members() {
        return IntStream.rangeClosed(1, 17).boxed();
    }

    @ParameterizedTest(name = "{0} members, seed {0}")
    @MethodSource("members")
    void collectives_equal_their_plain_twins_in_every_round(int members) {
        var random = new Random(members);
        for (Reshard.Collective op : ops(members, random)) {
            long[] sizes = {1 + random.nextInt(5), 1 + random.nextInt(5), 1 + random.nextInt(5)};
            if (op instanceof Reshard.AllGather(_, Cut cut)) {
                sizes[cut.dim()] *= halves(cut);
            }
            if (op instanceof Reshard.ReduceScatter(_, Cut cut)) {
                sizes[cut.dim()] *= members * halves(cut);
            }
            if (op instanceof Reshard.Scatter(_, _, int dim)) {
                sizes[dim] *= members;
            }
            if (op instanceof Reshard.AllToAll(_, Cut split, Cut join)) {
                sizes[split.dim()] *= members * halves(split);
                sizes[join.dim()] *= halves(join);
            }
            boolean sums =
                    op instanceof Reshard.AllReduce
                            || op instanceof Reshard.ReduceScatter
                            || op instanceof Reshard.Reduce;
            for (Dtype dtype : sums ? List.of(Dtype.F32, Dtype.F64) : List.of(Dtype.values())) {
                compare(op, dtype, sizes, members, random);
            }
        }
    }

    private static long halves(Cut cut) {
        return cut.balanced() ? 2 : 1;
    }

    /// Every collective along every dim, cut in order or balanced.
    private static List<Reshard.Collective> ops(int members, Random random) {
        List<Axis> axis = Blocks.axis(members);
        var ops = new ArrayList<Reshard.Collective>();
        int root = random.nextInt(members);
        ops.add(new Reshard.AllReduce(axis));
        ops.add(new Reshard.Reduce(axis, root));
        ops.add(new Reshard.Broadcast(axis, root));
        if (members > 1) {
            int to = (root + 1 + random.nextInt(members - 1)) % members;
            ops.add(new Reshard.Send(axis, root, to));
        }
        for (int dim = 0; dim < 3; dim++) {
            ops.add(new Reshard.Scatter(axis, root, dim));
            ops.add(new Reshard.Gather(axis, root, dim));
            for (boolean balanced : new boolean[] {false, true}) {
                ops.add(new Reshard.AllGather(axis, new Cut(dim, balanced)));
                ops.add(new Reshard.ReduceScatter(axis, new Cut(dim, balanced)));
            }
            ops.add(new Reshard.Rotate(axis, dim));
            for (int join = 0; join < 3; join++) {
                var split = new Cut(dim, random.nextBoolean());
                ops.add(new Reshard.AllToAll(axis, split, new Cut(join, random.nextBoolean())));
            }
        }
        return ops;
    }

    private static void compare(
            Reshard.Collective op, Dtype dtype, long[] sizes, int members, Random random) {
        var group = new LocalGroup(members);
        var sources = new ArrayList<Buffer>();
        var targets = new ArrayList<Buffer>();
        var collectives = new ArrayList<PendingCollective>();
        long[] targetSizes = PlainCollectives.targetSizes(op, sizes, members);
        for (int rank = 0; rank < members; rank++) {
            sources.add(Blocks.empty(Blocks.type(dtype, sizes)));
            targets.add(Blocks.empty(Blocks.type(dtype, targetSizes)));
            collectives.add(
                    Blocks.open(
                            group.communicator(rank),
                            rank,
                            op,
                            3,
                            List.of(sources.get(rank)),
                            List.of(targets.get(rank))));
        }
        // small integers: exact in every dtype and order
        var values = new ArrayList<List<double[]>>();
        for (int round = 0; round < ROUNDS; round++) {
            values.add(draw(members, (int) PlainCollectives.product(sizes), random));
        }
        var results = new double[ROUNDS][members][];
        Members.run(
                members,
                rank -> {
                    for (int round = 0; round < ROUNDS; round++) {
                        Blocks.write(sources.get(rank), values.get(round).get(rank));
                        collectives.get(rank).start();
                        collectives.get(rank).finish();
                        results[round][rank] =
                                op.takes(rank) ? Blocks.read(targets.get(rank)) : new double[0];
                    }
                });
        for (int round = 0; round < ROUNDS; round++) {
            List<double[]> expected = PlainCollectives.targets(op, sizes, values.get(round));
            for (int rank = 0; rank < members; rank++) {
                assertWithMessage(
                                "%s %s of %s, round %s, member %s",
                                op, dtype, sources.getFirst().type().shape(), round, rank)
                        .that(results[round][rank])
                        .isEqualTo(expected.get(rank));
            }
        }
    }

    @ParameterizedTest(name = "{0} members")
    @ValueSource(ints = {1, 2, 3, 8})
    void a_bucket_of_several_values_is_communicated_value_by_value(int members) {
        List<long[]> sizes = List.of(new long[] {2L * members, 3, 1}, new long[] {members, 1, 2});
        for (var op :
                List.of(
                        new Reshard.AllGather(Blocks.axis(members), 0),
                        new Reshard.Rotate(Blocks.axis(members), 0),
                        new Reshard.ReduceScatter(Blocks.axis(members), 0),
                        new Reshard.Reduce(Blocks.axis(members), members / 2),
                        new Reshard.Broadcast(Blocks.axis(members), members / 2),
                        new Reshard.Scatter(Blocks.axis(members), members / 2, 0),
                        new Reshard.Gather(Blocks.axis(members), members / 2, 0))) {
            compareBucket(op, sizes, members);
        }
    }

    private static void compareBucket(Reshard.Collective op, List<long[]> sizes, int members) {
        var group = new LocalGroup(members);
        var random = new Random(members);
        var values = new ArrayList<List<double[]>>();
        for (long[] each : sizes) {
            values.add(draw(members, (int) PlainCollectives.product(each), random));
        }
        var targets = new ArrayList<List<Buffer>>();
        var collectives = new ArrayList<PendingCollective>();
        for (int rank = 0; rank < members; rank++) {
            var own = new ArrayList<Buffer>();
            var made = new ArrayList<Buffer>();
            for (int value = 0; value < sizes.size(); value++) {
                long[] each = sizes.get(value);
                own.add(Blocks.empty(Blocks.type(Dtype.F64, each)));
                Blocks.write(own.get(value), values.get(value).get(rank));
                long[] after = PlainCollectives.targetSizes(op, each, members);
                made.add(Blocks.empty(Blocks.type(Dtype.F64, after)));
            }
            targets.add(made);
            collectives.add(Blocks.open(group.communicator(rank), rank, op, 0, own, made));
        }
        Members.run(
                members,
                rank -> {
                    collectives.get(rank).start();
                    collectives.get(rank).finish();
                });
        for (int value = 0; value < sizes.size(); value++) {
            List<double[]> expected =
                    PlainCollectives.targets(op, sizes.get(value), values.get(value));
            for (int rank = 0; rank < members; rank++) {
                if (op.takes(rank)) {
                    assertWithMessage("%s, value %s, member %s", op, value, rank)
                            .that(Blocks.read(targets.get(rank).get(value)))
                            .isEqualTo(expected.get(rank));
                }
            }
        }
    }

    private static List<double[]> draw(int members, int length, Random random) {
        return Stream.generate(() -> random.doubles(length, 0, 100).map(Math::floor).toArray())
                .limit(members)
                .toList();
    }
}
