package dev.partita.kernels.cpu;

import static dev.partita.kernels.cpu.Floats.MEMORY;
import static dev.partita.kernels.cpu.Floats.ORDER;
import static dev.partita.kernels.cpu.Floats.SPECIES;
import static dev.partita.kernels.cpu.Floats.STEP;
import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import dev.partita.dsl.graph.Update;
import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelRequest;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import jdk.incubator.vector.FloatVector;

/// Stochastic gradient descent, one pass over weight, gradient and velocity.
final class VectorSgd {
    private VectorSgd() {}

    static Kernel kernel(Update.SgdStep op, KernelRequest request) {
        MemorySegment learningRate = request.operand(2).memory();
        float momentum = (float) op.momentum();
        float decay = (float) op.weightDecay();
        if (op.momentum() == 0) {
            VectorLoop.Body plain =
                    (x, y, n) -> {
                        FloatVector rate =
                                broadcast(SPECIES, -learningRate.get(ValueLayout.JAVA_FLOAT, 0));
                        for (int i = 0; i < n; i += STEP) {
                            FloatVector w = fromMemorySegment(SPECIES, MEMORY, x[0] + i, ORDER);
                            FloatVector slope =
                                    w.fma(
                                            broadcast(SPECIES, decay),
                                            fromMemorySegment(SPECIES, MEMORY, x[1] + i, ORDER));
                            slope.fma(rate, w).intoMemorySegment(MEMORY, y[0] + i, ORDER);
                        }
                    };
            return new VectorLoop(plain, request.operands().subList(0, 2), request);
        }
        VectorLoop.Body withVelocity =
                (x, y, n) -> {
                    FloatVector rate =
                            broadcast(SPECIES, -learningRate.get(ValueLayout.JAVA_FLOAT, 0));
                    for (int i = 0; i < n; i += STEP) {
                        FloatVector w = fromMemorySegment(SPECIES, MEMORY, x[0] + i, ORDER);
                        FloatVector slope =
                                w.fma(
                                        broadcast(SPECIES, decay),
                                        fromMemorySegment(SPECIES, MEMORY, x[1] + i, ORDER));
                        FloatVector velocity =
                                fromMemorySegment(SPECIES, MEMORY, x[2] + i, ORDER)
                                        .fma(broadcast(SPECIES, momentum), slope);
                        velocity.intoMemorySegment(MEMORY, y[1] + i, ORDER);
                        FloatVector step =
                                op.nesterov()
                                        ? velocity.fma(broadcast(SPECIES, momentum), slope)
                                        : velocity;
                        step.fma(rate, w).intoMemorySegment(MEMORY, y[0] + i, ORDER);
                    }
                };
        var operands = List.of(request.operand(0), request.operand(1), request.operand(3));
        return new VectorLoop(withVelocity, operands, request);
    }
}
