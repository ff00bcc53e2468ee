package dev.partita.kernels.reference;

import dev.partita.dsl.graph.Op;
import dev.partita.dsl.tensor.Shape;
import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelRequest;
import java.util.Arrays;

/// Ops along the innermost dim, row by row: softmax and layer norm.
final class Normalisation {
    private Normalisation() {}

    static Kernel softmax(KernelRequest request) {
        Elements x = Elements.of(request.operand(0));
        Elements y = Elements.of(request.result(0));
        Shape shape = request.result(0).type().shape();
        long width = width(shape);
        return () -> {
            for (long row = 0; row < shape.elements(); row += width) {
                double logSum = logSumExp(x, row, width);
                for (long i = row; i < row + width; i++) {
                    y.set(i, Math.exp(x.get(i) - logSum));
                }
            }
        };
    }

    static Kernel softmaxGrad(KernelRequest request) {
        Elements y = Elements.of(request.operand(0));
        Elements dy = Elements.of(request.operand(1));
        Elements dx = Elements.of(request.result(0));
        Shape shape = request.result(0).type().shape();
        long width = width(shape);
        return () -> {
            for (long row = 0; row < shape.elements(); row += width) {
                double dot = 0;
                for (long i = row; i < row + width; i++) {
                    dot += y.get(i) * dy.get(i);
                }
                for (long i = row; i < row + width; i++) {
                    dx.set(i, y.get(i) * (dy.get(i) - dot));
                }
            }
        };
    }

    static Kernel layerNorm(Op.LayerNorm op, KernelRequest request) {
        Elements x = Elements.of(request.operand(0));
        Elements gain = Elements.of(request.operand(1));
        Elements shift = Elements.of(request.operand(2));
        Elements y = Elements.of(request.result(0));
        Elements mean = Elements.of(request.result(1));
        Elements rstd = Elements.of(request.result(2));
        Shape shape = request.result(0).type().shape();
        long width = width(shape);
        return () -> {
            for (long row = 0; row < shape.elements(); row += width) {
                double sum = 0;
                for (long i = row; i < row + width; i++) {
                    sum += x.get(i);
                }
                double centre = sum / width;
                double squares = 0;
                for (long i = row; i < row + width; i++) {
                    squares += (x.get(i) - centre) * (x.get(i) - centre);
                }
                double scale = 1 / Math.sqrt(squares / width + op.epsilon());
                for (long i = 0; i < width; i++) {
                    double normal = (x.get(row + i) - centre) * scale;
                    y.set(row + i, normal * gain.get(i) + shift.get(i));
                }
                mean.set(row / width, centre);
                rstd.set(row / width, scale);
            }
        };
    }

    static Kernel layerNormGrad(KernelRequest request) {
        Elements x = Elements.of(request.operand(0));
        Elements gain = Elements.of(request.operand(1));
        Elements mean = Elements.of(request.operand(2));
        Elements rstd = Elements.of(request.operand(3));
        Elements dy = Elements.of(request.operand(4));
        Elements dx = Elements.of(request.result(0));
        Elements dgain = Elements.of(request.result(1));
        Elements dshift = Elements.of(request.result(2));
        Shape shape = request.operand(0).type().shape();
        int width = Math.toIntExact(width(shape));
        var normal = new double[width];
        var gainSums = new double[width];
        var shiftSums = new double[width];
        return () -> {
            Arrays.fill(gainSums, 0);
            Arrays.fill(shiftSums, 0);
            for (long row = 0; row < shape.elements(); row += width) {
                double scale = rstd.get(row / width);
                double sum = 0;
                double dot = 0;
                for (int i = 0; i < width; i++) {
                    normal[i] = (x.get(row + i) - mean.get(row / width)) * scale;
                    gainSums[i] += dy.get(row + i) * normal[i];
                    shiftSums[i] += dy.get(row + i);
                    sum += gain.get(i) * dy.get(row + i);
                    dot += gain.get(i) * dy.get(row + i) * normal[i];
                }
                for (int i = 0; i < width; i++) {
                    double own = gain.get(i) * dy.get(row + i);
                    dx.set(row + i, scale * (own - sum / width - normal[i] * dot / width));
                }
            }
            for (int i = 0; i < width; i++) {
                dgain.set(i, gainSums[i]);
                dshift.set(i, shiftSums[i]);
            }
        };
    }

    /// `log(sum(exp(x)))` over `width` elements from `row`, without overflow.
    static double logSumExp(Elements x, long row, long width) {
        double max = Double.NEGATIVE_INFINITY;
        for (long i = row; i < row + width; i++) {
            max = Math.max(max, x.get(i));
        }
        double sum = 0;
        for (long i = row; i < row + width; i++) {
            sum += Math.exp(x.get(i) - max);
        }
        return max + Math.log(sum);
    }

    /// Size of the innermost dim.
    static long width(Shape shape) {
        return shape.size(shape.rank() - 1);
    }
}
