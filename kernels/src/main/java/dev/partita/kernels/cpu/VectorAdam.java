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
import jdk.incubator.vector.FloatVector;

/// Adam with both bias corrections folded into the size of the step: with `c1 = 1 - beta1^t` and
/// `c2 = sqrt(1 - beta2^t)`, the step `rate / c1 * m / (sqrt(v) / c2 + epsilon)` is `(rate * c2 /
/// c1) * m / (sqrt(v) + epsilon * c2)`.
final class VectorAdam implements Kernel {
    private final Update.AdamStep op;
    private final MemorySegment learningRate;
    private final MemorySegment step;
    private final VectorLoop loop;
    private float size;
    private float epsilon;
    private float kept;

    VectorAdam(Update.AdamStep op, KernelRequest request) {
        this.op = op;
        this.learningRate = request.operand(4).memory();
        this.step = request.operand(5).memory();
        this.loop = new VectorLoop(this::update, request.operands().subList(0, 4), request);
    }

    @Override
    public void run() {
        double rate = learningRate.get(ValueLayout.JAVA_FLOAT, 0);
        double t = (double) step.get(ValueLayout.JAVA_LONG, 0);
        double firstCorrection = 1 - Math.pow(op.beta1(), t);
        double secondCorrection = Math.sqrt(1 - Math.pow(op.beta2(), t));
        size = (float) (rate * secondCorrection / firstCorrection);
        epsilon = (float) (op.epsilon() * secondCorrection);
        kept = op.decoupled() ? (float) (1 - rate * op.weightDecay()) : 1;
        loop.run();
    }

    private void update(long[] x, long[] y, int bytes) {
        FloatVector decay = broadcast(SPECIES, (float) (op.decoupled() ? 0 : op.weightDecay()));
        FloatVector beta1 = broadcast(SPECIES, (float) op.beta1());
        FloatVector beta2 = broadcast(SPECIES, (float) op.beta2());
        FloatVector rest1 = broadcast(SPECIES, (float) (1 - op.beta1()));
        FloatVector rest2 = broadcast(SPECIES, (float) (1 - op.beta2()));
        for (int i = 0; i < bytes; i += STEP) {
            FloatVector w = fromMemorySegment(SPECIES, MEMORY, x[0] + i, ORDER);
            FloatVector slope = w.fma(decay, fromMemorySegment(SPECIES, MEMORY, x[1] + i, ORDER));
            FloatVector m =
                    fromMemorySegment(SPECIES, MEMORY, x[2] + i, ORDER)
                            .fma(beta1, slope.mul(rest1));
            FloatVector v =
                    fromMemorySegment(SPECIES, MEMORY, x[3] + i, ORDER)
                            .fma(beta2, slope.mul(slope).mul(rest2));
            m.intoMemorySegment(MEMORY, y[1] + i, ORDER);
            v.intoMemorySegment(MEMORY, y[2] + i, ORDER);
            FloatVector change = m.mul(size).div(v.sqrt().add(epsilon));
            w.mul(kept).sub(change).intoMemorySegment(MEMORY, y[0] + i, ORDER);
        }
    }

    @Override
    public long workspaceBytes() {
        return loop.workspaceBytes();
    }

    @Override
    public void close() {
        loop.close();
    }
}
