package dev.partita.kernels.cpu;

import dev.partita.dsl.tensor.Region;
import dev.partita.kernels.Buffer;
import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelRequest;
import dev.partita.kernels.Labels;

/// Table look-up by id, a row at a time. A block of a table that is sharded over its rows gives
/// zeros for ids that lie in other blocks, so that the sum over the blocks is the whole look-up.
final class VectorEmbeddings {
    private VectorEmbeddings() {}

    static Kernel lookup(KernelRequest request) {
        Buffer block = request.operand(0);
        var ids = new Labels(request.operand(1).memory(), block.region().whole().size(0));
        long count = request.operand(1).type().shape().elements();
        Region.Along rows = block.region().along(0);
        long size = block.type().shape().size(0);
        long width = block.type().shape().size(1);
        var table = new Stretches(block, width);
        var y = new Stretches(request.result(0), width);
        return () -> {
            for (long n = 0; n < count; n++) {
                long row = rows.local(ids.get(n), size);
                long to = y.place(n * width, width);
                if (row >= 0) {
                    Floats.copy(table.read(row * width, width, 0), to, width * Float.BYTES);
                } else {
                    Floats.clear(to, width * Float.BYTES);
                }
                y.written(n * width, width);
            }
        };
    }

    static Kernel grad(KernelRequest request) {
        Buffer block = request.result(0);
        long dtable = block.memory().address();
        var ids = new Labels(request.operand(0).memory(), block.region().whole().size(0));
        long count = request.operand(0).type().shape().elements();
        Region.Along rows = block.region().along(0);
        long size = block.type().shape().size(0);
        long width = block.type().shape().size(1);
        var dy = new Stretches(request.operand(1), width);
        return () -> {
            Floats.clear(dtable, block.type().bytes());
            for (long n = 0; n < count; n++) {
                long row = rows.local(ids.get(n), size);
                if (row >= 0) {
                    Floats.add(
                            dy.read(n * width, width, 0),
                            dtable + row * width * Float.BYTES,
                            width * Float.BYTES);
                }
            }
        };
    }
}
