package dev.partita.kernels.cpu;

import static dev.partita.kernels.cpu.Floats.STEP;
import static dev.partita.kernels.cpu.Floats.all;
import static dev.partita.kernels.cpu.Floats.load;
import static dev.partita.kernels.cpu.Floats.store;

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
                        FloatVector rate = all(-learningRate.get(ValueLayout.JAVA_FLOAT, 0));
                        for (int i = 0; i < n; i += STEP) {
                            FloatVector w = load(x[0] + i);
                            FloatVector slope = w.fma(all(decay), load(x[1] + i));
                            store(slope.fma(rate, w), y[0] + i);
                        }
                    };
            return new VectorLoop(plain, request.operands().subList(0, 2), request);
        }
        VectorLoop.Body withVelocity =
                (x, y, n) -> {
                    FloatVector rate = all(-learningRate.get(ValueLayout.JAVA_FLOAT, 0));
                    for (int i = 0; i < n; i += STEP) {
                        FloatVector w = load(x[0] + i);
                        FloatVector slope = w.fma(all(decay), load(x[1] + i));
                        FloatVector velocity = load(x[2] + i).fma(all(momentum), slope);
                        store(velocity, y[1] + i);
                        FloatVector step =
                                op.nesterov() ? velocity.fma(all(momentum), slope) : velocity;
                        store(step.fma(rate, w), y[0] + i);
                    }
                };
        var operands = List.of(request.operand(0), request.operand(1), request.operand(3));
        return new VectorLoop(withVelocity, operands, request);
    }
}
