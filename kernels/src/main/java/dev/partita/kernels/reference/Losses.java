package dev.partita.kernels.reference;

import dev.partita.dsl.graph.Op;
import dev.partita.dsl.tensor.Shape;
import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelRequest;
import dev.partita.kernels.Labels;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Cross-entropy of logits against labels, row by row.
final class Losses {
    private Losses() {}

    static Kernel ignoring(Op.Ignoring op, KernelRequest request) {
        MemorySegment labels = request.operand(0).memory();
        MemorySegment kept = request.result(0).memory();
        Elements counts = Elements.of(request.result(1));
        long elements = request.result(0).type().shape().elements();
        return () -> {
            for (long i = 0; i < elements; i++) {
                int label = labels.getAtIndex(ValueLayout.JAVA_INT, i);
                boolean ignored = label == op.label();
                kept.setAtIndex(ValueLayout.JAVA_INT, i, ignored ? 0 : label);
                counts.set(i, ignored ? 0 : 1);
            }
        };
    }

    static Kernel crossEntropy(KernelRequest request) {
        Elements logits = Elements.of(request.operand(0));
        Elements loss = Elements.of(request.result(0));
        Shape shape = request.operand(0).type().shape();
        long classes = Normalisation.width(shape);
        var labels = new Labels(request.operand(1).memory(), classes);
        return () -> {
            for (long row = 0; row < shape.elements() / classes; row++) {
                double logSum = Normalisation.logSumExp(logits, row * classes, classes);
                loss.set(row, logSum - logits.get(row * classes + labels.get(row)));
            }
        };
    }

    static Kernel crossEntropyGrad(KernelRequest request) {
        Elements logits = Elements.of(request.operand(0));
        Elements dloss = Elements.of(request.operand(2));
        Elements dlogits = Elements.of(request.result(0));
        Shape shape = request.operand(0).type().shape();
        long classes = Normalisation.width(shape);
        var labels = new Labels(request.operand(1).memory(), classes);
        return () -> {
            for (long row = 0; row < shape.elements() / classes; row++) {
                double logSum = Normalisation.logSumExp(logits, row * classes, classes);
                int label = labels.get(row);
                for (long c = 0; c < classes; c++) {
                    double probability = Math.exp(logits.get(row * classes + c) - logSum);
                    double target = c == label ? 1 : 0;
                    dlogits.set(row * classes + c, dloss.get(row) * (probability - target));
                }
            }
        };
    }
}
