package dev.partita.kernels.reference;

import dev.partita.dsl.graph.Op;
import dev.partita.kernels.Buffer;
import dev.partita.kernels.DropoutMask;
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
        var mask = new DropoutMask(op);
        return () -> {
            mask.start(step.get(ValueLayout.JAVA_LONG, 0));
            result.region()
                    .forEachRow(
                            result.type().shape(),
                            (global, local, length) -> {
                                for (long i = 0; i < length; i++) {
                                    double factor = mask.factor(global + i);
                                    y.set(local + i, factor == 0 ? 0 : factor * x.get(local + i));
                                }
                            });
        };
    }
}
