package dev.partita.kernels.reference;

import dev.partita.dsl.graph.Update;
import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelRequest;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/// Optimizer updates with the formulas of PyTorch.
final class Optimizers {
    private Optimizers() {}

    static Kernel sgd(Update.SgdStep op, KernelRequest request) {
        Elements weight = Elements.of(request.operand(0));
        Elements gradient = Elements.of(request.operand(1));
        Elements learningRate = Elements.of(request.operand(2));
        Elements velocity = Elements.of(request.operands().getLast());
        Elements newWeight = Elements.of(request.result(0));
        Elements newVelocity = Elements.of(request.results().getLast());
        long elements = request.result(0).type().shape().elements();
        return () -> {
            double rate = learningRate.get(0);
            for (long i = 0; i < elements; i++) {
                double w = weight.get(i);
                double direction = gradient.get(i) + op.weightDecay() * w;
                if (op.momentum() != 0) {
                    double v = op.momentum() * velocity.get(i) + direction;
                    direction = op.nesterov() ? direction + op.momentum() * v : v;
                    newVelocity.set(i, v);
                }
                newWeight.set(i, w - rate * direction);
            }
        };
    }

    static Kernel adam(Update.AdamStep op, KernelRequest request) {
        Elements weight = Elements.of(request.operand(0));
        Elements gradient = Elements.of(request.operand(1));
        Elements first = Elements.of(request.operand(2));
        Elements second = Elements.of(request.operand(3));
        Elements learningRate = Elements.of(request.operand(4));
        MemorySegment step = request.operand(5).memory();
        Elements newWeight = Elements.of(request.result(0));
        Elements newFirst = Elements.of(request.result(1));
        Elements newSecond = Elements.of(request.result(2));
        long elements = request.result(0).type().shape().elements();
        return () -> {
            double rate = learningRate.get(0);
            long t = step.get(ValueLayout.JAVA_LONG, 0);
            double firstCorrection = 1 - Math.pow(op.beta1(), (double) t);
            double secondCorrection = 1 - Math.pow(op.beta2(), (double) t);
            for (long i = 0; i < elements; i++) {
                double w = weight.get(i);
                double decay = op.weightDecay() * w;
                double g = op.decoupled() ? gradient.get(i) : gradient.get(i) + decay;
                double m = op.beta1() * first.get(i) + (1 - op.beta1()) * g;
                double v = op.beta2() * second.get(i) + (1 - op.beta2()) * g * g;
                double size = Math.sqrt(v / secondCorrection) + op.epsilon();
                double kept = op.decoupled() ? w - rate * decay : w;
                newWeight.set(i, kept - rate * m / firstCorrection / size);
                newFirst.set(i, m);
                newSecond.set(i, v);
            }
        };
    }

    /// One weight after the other.
    static Kernel together(Update.Together op, KernelRequest request) {
        List<Kernel> steps = new ArrayList<>();
        for (int i = 0; i < op.count(); i++) {
            var own =
                    new KernelRequest(
                            op.step(), op.of(i, request.operands()), op.of(i, request.results()));
            steps.add(
                    switch (op.step()) {
                        case Update.SgdStep step -> sgd(step, own);
                        case Update.AdamStep step -> adam(step, own);
                    });
        }
        Kernel[] inOrder = steps.toArray(Kernel[]::new);
        return () -> {
            for (Kernel step : inOrder) {
                step.run();
            }
        };
    }

    static Kernel lossScale(Update.LossScaleStep op, KernelRequest request) {
        Elements scale = Elements.of(request.operand(0));
        Elements goodSteps = Elements.of(request.operand(1));
        Elements newScale = Elements.of(request.result(0));
        Elements newGoodSteps = Elements.of(request.result(1));
        return () -> {
            double count = goodSteps.get(0) + 1;
            double doubled = 2 * scale.get(0);
            boolean grows = count >= op.interval() && Float.isFinite((float) doubled);
            newScale.set(0, grows ? doubled : scale.get(0));
            newGoodSteps.set(0, count >= op.interval() ? 0 : count);
        };
    }
}
