package dev.partita.kernels.reference;

import dev.partita.dsl.graph.Op;
import dev.partita.kernels.Buffer;
import dev.partita.kernels.DropoutMask;
import dev.partita.kernels.GlobalRows;
import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelRequest;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Dropout.
final class Randomness {
    private Randomness() {}

    static Kernel dropout(Op.Dropout op, KernelRequest request) {
        Elements x = Elements.of(request.operand(0));
        MemorySegment step = request.operand(1).memory();
        Buffer result = request.result(0);
        Elements y = Elements.of(result);
        var rows = GlobalRows.of(result);
        var mask = new DropoutMask(op);
        return () -> {
            mask.start(step.get(ValueLayout.JAVA_LONG, 0));
            long local = 0;
            for (int row = 0; row < rows.count(); row++) {
                for (long i = 0; i < rows.length(); i++, local++) {
                    double factor = mask.factor(rows.start(row) + i);
                    y.set(local, factor == 0 ? 0 : factor * x.get(local));
                }
            }
        };
    }
}
