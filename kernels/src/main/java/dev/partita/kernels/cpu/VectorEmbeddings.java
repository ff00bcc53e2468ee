package dev.partita.kernels.cpu;

import static dev.partita.kernels.cpu.Floats.LANES;
import static dev.partita.kernels.cpu.Floats.SPECIES;
import static jdk.incubator.vector.FloatVector.fromArray;

import dev.partita.kernels.Buffer;
import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelRequest;
import dev.partita.kernels.Labels;
import java.lang.foreign.MemorySegment;

/// Table look-up by id, a row at a time. A block of a table that is sharded over its rows gives
/// zeros for ids that lie in other blocks, so that the sum over the blocks is the whole look-up.
final class VectorEmbeddings {
    private VectorEmbeddings() {}

    static Kernel lookup(KernelRequest request) {
        Buffer block = request.operand(0);
        Numbers table = Numbers.of(block);
        Numbers y = Numbers.of(request.result(0));
        var ids = new Labels(request.operand(1).memory(), block.region().whole().size(0));
        long count = request.operand(1).type().shape().elements();
        long first = block.region().offsets().getFirst();
        long rows = block.type().shape().size(0);
        int width = Math.toIntExact(block.type().shape().size(1));
        float[] zeros = new float[width];
        float[] tile = new float[width];
        return () -> {
            for (long n = 0; n < count; n++) {
                long row = ids.get(n) - first;
                if (row >= 0 && row < rows) {
                    table.load(row * width, tile, width);
                    y.store(tile, n * width, width);
                } else {
                    y.store(zeros, n * width, width);
                }
            }
        };
    }

    static Kernel grad(KernelRequest request) {
        Buffer block = request.result(0);
        Numbers dy = Numbers.of(request.operand(1));
        MemorySegment dtable = block.memory();
        var ids = new Labels(request.operand(0).memory(), block.region().whole().size(0));
        long count = request.operand(0).type().shape().elements();
        long first = block.region().offsets().getFirst();
        long rows = block.type().shape().size(0);
        int width = Math.toIntExact(block.type().shape().size(1));
        float[] sum = Tile.forWidth(width);
        float[] gradient = Tile.forWidth(width);
        return () -> {
            dtable.fill((byte) 0);
            for (long n = 0; n < count; n++) {
                long row = ids.get(n) - first;
                if (row >= 0 && row < rows) {
                    Tile.load(dtable, row * width, sum, width);
                    dy.load(n * width, gradient, width);
                    for (int i = 0; i < sum.length; i += LANES) {
                        fromArray(SPECIES, sum, i)
                                .add(fromArray(SPECIES, gradient, i))
                                .intoArray(sum, i);
                    }
                    Tile.store(sum, dtable, row * width, width);
                }
            }
        };
    }
}
