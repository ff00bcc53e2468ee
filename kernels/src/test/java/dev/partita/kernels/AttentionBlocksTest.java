package dev.partita.kernels;

import static com.google.common.truth.Truth.assertThat;
import static com.google.common.truth.Truth.assertWithMessage;

import dev.partita.dsl.graph.AttentionOp;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.tensor.Dim;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.dsl.tensor.Region;
import dev.partita.dsl.tensor.Region.Along;
import dev.partita.dsl.tensor.Shape;
import dev.partita.dsl.tensor.TensorType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Attention of a block of queries to one block of keys after the other, merged, against attention
/// of all queries to all keys: blocks of any number of devices, in order or balanced.
class AttentionBlocksTest {
    static IntStream seeds() {
        return IntStream.range(0, 60);
    }

    @ParameterizedTest(name = "merged attention over blocks is attention over all, seed {0}")
    @MethodSource("seeds")
    void merged_attention_over_blocks_is_attention_over_all(int seed) {
        var devices = new Devices(seed);
        devices.compare(KernelLibraries.reference(), Dtype.F64, 1e-12);
        devices.compare(KernelLibraries.named("cpu"), Dtype.F32, 2e-5);
    }

    /// Whole tensors, and how many devices share their positions in which way.
    private static final class Devices {
        private final Random random;
        private final Arena arena = Arena.ofAuto();
        private final boolean causal;
        private final boolean balanced;
        private final int devices;
        private final Shape queries;
        private final Shape keys;

        Devices(long seed) {
            random = new Random(seed);
            causal = random.nextInt(4) > 0;
            balanced = random.nextBoolean();
            devices = 1 + random.nextInt(4);
            long positions = 2L * devices * (random.nextInt(4) == 0 ? 40 : 1 + random.nextInt(4));
            var batch = new Dim("batch", 1 + random.nextInt(2));
            var position = new Dim("sequence", positions);
            var heads = new Dim("heads", 1 + random.nextInt(2));
            var size = new Dim("size", 1 + random.nextInt(9));
            queries =
                    Shape.of(
                            batch,
                            position,
                            heads,
                            new Dim("queries", 1 + random.nextInt(2)),
                            size);
            keys = Shape.of(batch, position, heads, size);
        }

        void compare(KernelLibrary library, Dtype dtype, double tolerance) {
            var forward = new AttentionOp.Attention(causal, 0.3);
            var backward = new AttentionOp.AttentionGrad(causal, 0.3);
            Shape logSums = new Shape(queries.dims().subList(0, 4));
            Buffer q = numbers(dtype, queries);
            Buffer k = numbers(dtype, keys);
            Buffer v = numbers(dtype, keys);
            Buffer dy = numbers(dtype, queries);
            Buffer y = empty(dtype, queries);
            Buffer l = empty(dtype, logSums);
            List<Buffer> grads = List.of(like(q), like(k), like(v));
            run(library, forward, List.of(q, k, v), List.of(y, l));
            run(library, backward, List.of(q, k, v, y, l, dy), grads);
            List<Buffer> sums = List.of(like(q), like(k), like(v));
            sums.forEach(sum -> sum.memory().fill((byte) 0));
            for (int device = 0; device < devices; device++) {
                Buffer ownQ = block(q, device);
                Buffer ownY = like(ownQ);
                Buffer ownL = like(block(l, device));
                run(
                        library,
                        forward,
                        List.of(ownQ, block(k, device), block(v, device)),
                        List.of(ownY, ownL));
                for (int turn = 1; turn < devices; turn++) {
                    int from = Math.floorMod(device - turn, devices);
                    Buffer partY = like(ownQ);
                    Buffer partL = like(ownL);
                    run(
                            library,
                            forward,
                            List.of(ownQ, block(k, from), block(v, from)),
                            List.of(partY, partL));
                    boolean inPlace = turn % 2 == 0;
                    Buffer mergedY = inPlace ? ownY : like(ownY);
                    Buffer mergedL = inPlace ? ownL : like(ownL);
                    run(
                            library,
                            new AttentionOp.Merge(),
                            List.of(ownY, ownL, partY, partL),
                            List.of(mergedY, mergedL));
                    ownY = mergedY;
                    ownL = mergedL;
                }
                same(ownY, block(y, device), tolerance);
                same(ownL, block(l, device), tolerance);
                for (int from = 0; from < devices; from++) {
                    List<Buffer> parts =
                            List.of(like(ownQ), like(block(k, from)), like(block(v, from)));
                    run(
                            library,
                            backward,
                            List.of(
                                    ownQ,
                                    block(k, from),
                                    block(v, from),
                                    ownY,
                                    ownL,
                                    block(dy, device)),
                            parts);
                    for (int i = 0; i < 3; i++) {
                        add(parts.get(i), sums.get(i));
                    }
                }
            }
            for (int i = 0; i < 3; i++) {
                same(sums.get(i), grads.get(i), tolerance);
            }
        }

        private static void run(
                KernelLibrary library, Op op, List<Buffer> operands, List<Buffer> results) {
            try (Kernel kernel = library.require(new KernelRequest(op, operands, results))) {
                kernel.run();
            }
        }

        private Buffer numbers(Dtype dtype, Shape shape) {
            double[] values = random.doubles(shape.elements(), -2, 2).map(x -> (float) x).toArray();
            return Trial.buffer(arena, new TensorType(dtype, shape), values);
        }

        private Buffer empty(Dtype dtype, Shape shape) {
            var type = new TensorType(dtype, shape);
            return Buffer.whole(type, poisoned(type));
        }

        private Buffer like(Buffer buffer) {
            return new Buffer(buffer.type(), buffer.region(), poisoned(buffer.type()));
        }

        private MemorySegment poisoned(TensorType type) {
            return arena.allocate(type.bytes(), 64).fill((byte) -1);
        }

        /// What a device has of a whole tensor.
        private Buffer block(Buffer whole, int device) {
            Shape shape = whole.type().shape();
            long positions = shape.size(1);
            long stretch = positions / devices / 2;
            List<Along> dims = new ArrayList<>(Region.whole(shape).dims());
            dims.set(
                    1,
                    balanced
                            ? new Along(device * stretch, (2L * devices - 1 - device) * stretch)
                            : Along.from(2L * device * stretch));
            var type =
                    whole.type()
                            .withShape(shape.with(1, shape.dim(1).withSize(positions / devices)));
            var region = new Region(shape, dims);
            double[] all = Trial.values(whole);
            var own = new double[(int) type.shape().elements()];
            region.forEachRow(
                    type.shape(),
                    (global, local, length) ->
                            System.arraycopy(all, (int) global, own, (int) local, (int) length));
            return new Buffer(type, region, Trial.buffer(arena, type, own).memory());
        }

        private static void add(Buffer block, Buffer whole) {
            double[] parts = Trial.values(block);
            double[] sums = Trial.values(whole);
            block.region()
                    .forEachRow(
                            block.type().shape(),
                            (global, local, length) -> {
                                for (int i = 0; i < length; i++) {
                                    sums[(int) global + i] += parts[(int) local + i];
                                }
                            });
            Buffer sum = Trial.buffer(Arena.ofAuto(), whole.type(), sums);
            whole.memory().copyFrom(sum.memory());
        }

        private void same(Buffer found, Buffer expected, double tolerance) {
            double[] got = Trial.values(found);
            double[] want = Trial.values(expected);
            for (int i = 0; i < want.length; i++) {
                assertWithMessage(
                                "%s of %s devices%s, element %s of %s",
                                causal ? "causal" : "all",
                                devices,
                                balanced ? " balanced" : "",
                                i,
                                found.type())
                        .that(got[i])
                        .isWithin(tolerance * Math.max(1, Math.abs(want[i])))
                        .of(want[i]);
            }
            assertThat(got.length).isEqualTo(want.length);
        }
    }
}
