package dev.partita.kernels.reference;

import dev.partita.dsl.graph.RowOp;
import dev.partita.dsl.tensor.Shape;
import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelRequest;
import java.util.Arrays;

/// Root-mean-square normalisation, row by row.
final class RootMeanSquare {
    private RootMeanSquare() {}

    static Kernel norm(RowOp.RmsNorm op, KernelRequest request) {
        Elements x = Elements.of(request.operand(0));
        Elements gain = Elements.of(request.operand(1));
        Elements y = Elements.of(request.result(0));
        Elements scales = Elements.of(request.result(1));
        Shape shape = request.result(0).type().shape();
        long width = Normalisation.width(shape);
        return () -> {
            for (long row = 0; row < shape.elements(); row += width) {
                double squares = 0;
                for (long i = row; i < row + width; i++) {
                    squares += x.get(i) * x.get(i);
                }
                double scale = 1 / Math.sqrt(squares / width + op.epsilon());
                for (long i = 0; i < width; i++) {
                    y.set(row + i, x.get(row + i) * scale * gain.get(i));
                }
                scales.set(row / width, scale);
            }
        };
    }

    static Kernel grad(KernelRequest request) {
        Elements x = Elements.of(request.operand(0));
        Elements gain = Elements.of(request.operand(1));
        Elements scales = Elements.of(request.operand(2));
        Elements dy = Elements.of(request.operand(3));
        Elements dx = Elements.of(request.result(0));
        Elements dgain = Elements.of(request.result(1));
        Shape shape = request.operand(0).type().shape();
        int width = Math.toIntExact(Normalisation.width(shape));
        var gainSums = new double[width];
        return () -> {
            Arrays.fill(gainSums, 0);
            for (long row = 0; row < shape.elements(); row += width) {
                double scale = scales.get(row / width);
                double dot = 0;
                for (int i = 0; i < width; i++) {
                    double normal = x.get(row + i) * scale;
                    gainSums[i] += dy.get(row + i) * normal;
                    dot += gain.get(i) * dy.get(row + i) * normal;
                }
                for (int i = 0; i < width; i++) {
                    double own = gain.get(i) * dy.get(row + i);
                    dx.set(row + i, scale * (own - x.get(row + i) * scale * dot / width));
                }
            }
            for (int i = 0; i < width; i++) {
                dgain.set(i, gainSums[i]);
            }
        };
    }
}
