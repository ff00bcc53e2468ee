package dev.partita.kernels.reference;

import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.RowOp;
import dev.partita.dsl.tensor.Region;
import dev.partita.dsl.tensor.Shape;
import dev.partita.kernels.Buffer;
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

    static Kernel crossEntropy(Op.CrossEntropy op, KernelRequest request) {
        Elements logits = Elements.of(request.operand(0));
        Elements loss = Elements.of(request.result(0));
        Elements logSums = Elements.of(request.result(1));
        Shape shape = request.operand(0).type().shape();
        long classes = Normalisation.width(shape);
        var labels = new Labels(request.operand(1).memory(), classes);
        return () -> {
            for (long row = 0; row < shape.elements() / classes; row++) {
                double logSum = Normalisation.logSumExp(logits, row * classes, classes);
                double own = logits.get(row * classes + labels.get(row));
                double spread = sum(logits, row, classes) / classes;
                loss.set(row, logSum - (1 - op.smoothing()) * own - op.smoothing() * spread);
                logSums.set(row, logSum);
            }
        };
    }

    /// Of a block of the logits, those classes that it has.
    static Kernel crossEntropyGrad(Op.CrossEntropyGrad op, KernelRequest request) {
        Buffer block = request.operand(0);
        Elements logits = Elements.of(block);
        Elements logSums = Elements.of(request.operand(2));
        Elements dloss = Elements.of(request.operand(3));
        Elements dlogits = Elements.of(request.result(0));
        Shape shape = block.type().shape();
        long classes = Normalisation.width(shape);
        Region.Along own = block.region().dims().getLast();
        var labels = wholeRowLabels(request);
        double spread = op.smoothing() / labels.classes();
        return () -> {
            for (long row = 0; row < shape.elements() / classes; row++) {
                long label = own.local(labels.get(row), classes);
                for (long c = 0; c < classes; c++) {
                    double probability = Math.exp(logits.get(row * classes + c) - logSums.get(row));
                    double target = spread + (c == label ? 1 - op.smoothing() : 0);
                    dlogits.set(row * classes + c, dloss.get(row) * (probability - target));
                }
            }
        };
    }

    /// The log-sum-exp of rows, or of equal stretches of them: in memory both are rows.
    static Kernel logSumExp(KernelRequest request) {
        Elements x = Elements.of(request.operand(0));
        Elements y = Elements.of(request.result(0));
        long rows = request.result(0).type().shape().elements();
        long width = request.operand(0).type().shape().elements() / rows;
        return () -> {
            for (long row = 0; row < rows; row++) {
                y.set(row, Normalisation.logSumExp(x, row * width, width));
            }
        };
    }

    static Kernel pickLogit(RowOp.PickLogit op, KernelRequest request) {
        Buffer block = request.operand(0);
        Elements logits = Elements.of(block);
        Elements picked = Elements.of(request.result(0));
        long rows = request.result(0).type().shape().elements();
        long classes = Normalisation.width(block.type().shape());
        Region.Along own = block.region().dims().getLast();
        var labels = wholeRowLabels(request);
        return () -> {
            for (long row = 0; row < rows; row++) {
                long label = own.local(labels.get(row), classes);
                double logit = label >= 0 ? logits.get(row * classes + label) : 0;
                double spread = sum(logits, row, classes) / labels.classes();
                picked.set(row, (1 - op.smoothing()) * logit + op.smoothing() * spread);
            }
        };
    }

    private static double sum(Elements logits, long row, long classes) {
        double sum = 0;
        for (long c = row * classes; c < (row + 1) * classes; c++) {
            sum += logits.get(c);
        }
        return sum;
    }

    /// Operand 1, of whole rows of operand 0.
    private static Labels wholeRowLabels(KernelRequest request) {
        long classes = Normalisation.width(request.operand(0).region().whole());
        return new Labels(request.operand(1).memory(), classes);
    }
}
