package dev.partita.kernels.reference;

import dev.partita.dsl.graph.Op;
import dev.partita.dsl.tensor.Shape;
import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelRequest;
import dev.partita.kernels.StridedLoop;

/// Sums, and the addition whose gradient is one.
final class Reductions {
    private Reductions() {}

    static Kernel sum(Op.Sum sum, KernelRequest request) {
        Shape from = request.operand(0).type().shape();
        int summed = sum.dims().size();
        var keptSizes = new long[from.rank() - summed];
        var keptStrides = new long[from.rank() - summed];
        var summedSizes = new long[summed];
        var summedStrides = new long[summed];
        int kept = 0;
        int gone = 0;
        for (int i = 0; i < from.rank(); i++) {
            if (sum.dims().contains(i)) {
                summedSizes[gone] = from.size(i);
                summedStrides[gone++] = from.strides()[i];
            } else {
                keptSizes[kept] = from.size(i);
                keptStrides[kept++] = from.strides()[i];
            }
        }
        var outer = new StridedLoop(keptSizes, keptStrides);
        var inner = new StridedLoop(summedSizes, summedStrides);
        Elements x = Elements.of(request.operand(0));
        Elements y = Elements.of(request.result(0));
        return () -> {
            long i = 0;
            do {
                double total = 0;
                do {
                    total += x.get(outer.offset(0) + inner.offset(0));
                } while (inner.next());
                y.set(i++, total);
            } while (outer.next());
        };
    }

    static Kernel sumSquares(KernelRequest request) {
        Elements x = Elements.of(request.operand(0));
        Elements y = Elements.of(request.result(0));
        long elements = request.operand(0).type().shape().elements();
        return () -> {
            double total = 0;
            for (long i = 0; i < elements; i++) {
                total += x.get(i) * x.get(i);
            }
            y.set(0, total);
        };
    }

    static Kernel addBias(KernelRequest request) {
        Elements x = Elements.of(request.operand(0));
        Elements bias = Elements.of(request.operand(1));
        Elements y = Elements.of(request.result(0));
        long elements = request.result(0).type().shape().elements();
        long width = request.operand(1).type().shape().elements();
        return () -> {
            for (long i = 0; i < elements; i++) {
                y.set(i, x.get(i) + bias.get(i % width));
            }
        };
    }
}
