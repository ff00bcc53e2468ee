package dev.partita.kernels.cpu;

import static dev.partita.kernels.cpu.Floats.LANES;
import static dev.partita.kernels.cpu.Floats.SPECIES;
import static jdk.incubator.vector.FloatVector.fromArray;

import dev.partita.dsl.tensor.Region;
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
        MemorySegment table = block.memory();
        MemorySegment y = request.result(0).memory();
        var ids = new Labels(request.operand(1).memory(), block.region().whole().size(0));
        long count = request.operand(1).type().shape().elements();
        Region.Along rows = block.region().along(0);
        long size = block.type().shape().size(0);
        int width = Math.toIntExact(block.type().shape().size(1));
        float[] zeros = new float[width];
        return () -> {
            for (long n = 0; n < count; n++) {
                long row = rows.local(ids.get(n), size);
                if (row >= 0) {
                    long bytes = (long) width * Float.BYTES;
                    MemorySegment.copy(table, row * bytes, y, n * bytes, bytes);
                } else {
                    Tile.store(zeros, y, n * width, width);
                }
            }
        };
    }

    static Kernel grad(KernelRequest request) {
        Buffer block = request.result(0);
        MemorySegment dy = request.operand(1).memory();
        MemorySegment dtable = block.memory();
        var ids = new Labels(request.operand(0).memory(), block.region().whole().size(0));
        long count = request.operand(0).type().shape().elements();
        Region.Along rows = block.region().along(0);
        long size = block.type().shape().size(0);
        int width = Math.toIntExact(block.type().shape().size(1));
        float[] sum = Tile.forWidth(width);
        float[] gradient = Tile.forWidth(width);
        return () -> {
            dtable.fill((byte) 0);
            for (long n = 0; n < count; n++) {
                long row = rows.local(ids.get(n), size);
                if (row >= 0) {
                    Tile.load(dtable, row * width, sum, width);
                    Tile.load(dy, n * width, gradient, width);
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
