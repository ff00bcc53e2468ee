package dev.partita.kernels.reference;

import dev.partita.dsl.tensor.Region;
import dev.partita.dsl.tensor.Shape;
import dev.partita.kernels.Buffer;
import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelRequest;
import dev.partita.kernels.Labels;

/// Table look-up by id. A block of a table that is sharded over its rows gives zeros for ids that
/// lie in other blocks, so that the sum over the blocks is the whole look-up.
final class Embeddings {
    private Embeddings() {}

    static Kernel lookup(KernelRequest request) {
        Buffer block = request.operand(0);
        Elements table = Elements.of(block);
        Elements y = Elements.of(request.result(0));
        var ids = new Labels(request.operand(1).memory(), block.region().whole().size(0));
        long count = request.operand(1).type().shape().elements();
        Region.Along rows = block.region().along(0);
        long size = block.type().shape().size(0);
        long width = block.type().shape().size(1);
        return () -> {
            for (long n = 0; n < count; n++) {
                long row = rows.local(ids.get(n), size);
                for (long i = 0; i < width; i++) {
                    y.set(n * width + i, row >= 0 ? table.get(row * width + i) : 0);
                }
            }
        };
    }

    static Kernel grad(KernelRequest request) {
        Buffer block = request.result(0);
        Shape table = block.type().shape();
        Elements dy = Elements.of(request.operand(1));
        Elements dtable = Elements.of(block);
        var ids = new Labels(request.operand(0).memory(), block.region().whole().size(0));
        long count = request.operand(0).type().shape().elements();
        Region.Along rows = block.region().along(0);
        long width = table.size(1);
        return () -> {
            for (long i = 0; i < table.elements(); i++) {
                dtable.set(i, 0);
            }
            for (long n = 0; n < count; n++) {
                long row = rows.local(ids.get(n), table.size(0));
                for (long i = 0; row >= 0 && i < width; i++) {
                    dtable.add(row * width + i, dy.get(n * width + i));
                }
            }
        };
    }
}
