package dev.partita.kernels.reference;

import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Window;
import dev.partita.dsl.tensor.Shape;
import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelRequest;
import java.util.Arrays;

/// Convolutions over channels-last images. All three walk over the same triples of an input
/// element, a weight and an output element that meet; they differ in which of the three they sum.
final class Convolutions {
    private Convolutions() {}

    static Kernel forward(Op.Conv2d op, KernelRequest request) {
        Elements x = Elements.of(request.operand(0));
        Elements weight = Elements.of(request.operand(1));
        Elements y = Elements.of(request.result(0));
        Shape out = request.result(0).type().shape();
        var walk =
                new Walk(
                        op.window(),
                        request.operand(0).type().shape(),
                        request.operand(1).type().shape(),
                        out);
        var finish = Contractions.Finish.of(op.epilogue(), request);
        var sums = sums(out);
        return () -> {
            Arrays.fill(sums, 0);
            walk.forEach((i, w, o) -> sums[o] += x.get(i) * weight.get(w));
            for (int o = 0; o < sums.length; o++) {
                y.set(o, finish.apply(sums[o], o));
            }
        };
    }

    static Kernel inputGrad(Op.Conv2dInputGrad op, KernelRequest request) {
        Elements dy = Elements.of(request.operand(0));
        Elements weight = Elements.of(request.operand(1));
        Elements dx = Elements.of(request.result(0));
        var walk =
                new Walk(
                        op.window(),
                        request.result(0).type().shape(),
                        request.operand(1).type().shape(),
                        request.operand(0).type().shape());
        var sums = sums(request.result(0).type().shape());
        return () -> {
            Arrays.fill(sums, 0);
            walk.forEach((i, w, o) -> sums[i] += dy.get(o) * weight.get(w));
            store(sums, dx);
        };
    }

    static Kernel weightGrad(Op.Conv2dWeightGrad op, KernelRequest request) {
        Elements dy = Elements.of(request.operand(0));
        Elements x = Elements.of(request.operand(1));
        Elements dweight = Elements.of(request.result(0));
        Shape out = request.operand(0).type().shape();
        var walk =
                new Walk(
                        op.window(),
                        request.operand(1).type().shape(),
                        request.result(0).type().shape(),
                        out);
        var sums = sums(request.result(0).type().shape());
        var biasSums = new double[op.bias() ? Math.toIntExact(out.size(3)) : 0];
        Elements dbias = Elements.of(request.results().getLast());
        return () -> {
            Arrays.fill(sums, 0);
            walk.forEach((i, w, o) -> sums[w] += dy.get(o) * x.get(i));
            store(sums, dweight);
            if (op.bias()) {
                Arrays.fill(biasSums, 0);
                for (long o = 0; o < out.elements(); o++) {
                    biasSums[(int) (o % biasSums.length)] += dy.get(o);
                }
                store(biasSums, dbias);
            }
        };
    }

    private static double[] sums(Shape shape) {
        return new double[Math.toIntExact(shape.elements())];
    }

    private static void store(double[] sums, Elements result) {
        for (int i = 0; i < sums.length; i++) {
            result.set(i, sums[i]);
        }
    }

    /// Receives the row-major indices of an input element, a weight and an output element that
    /// meet.
    @FunctionalInterface
    private interface Triple {
        void visit(int input, int weight, int output);
    }

    /// The sizes of a convolution of `input[batch, height, width, channel]` with `weight[out,
    /// kernel-height, kernel-width, channel]`.
    private record Walk(Window window, Shape input, Shape weight, Shape output) {
        void forEach(Triple triple) {
            for (long b = 0; b < output.size(0); b++) {
                for (long row = 0; row < output.size(1); row++) {
                    for (long column = 0; column < output.size(2); column++) {
                        pixel(b, row, column, triple);
                    }
                }
            }
        }

        private void pixel(long b, long row, long column, Triple triple) {
            for (long kernelRow = 0; kernelRow < weight.size(1); kernelRow++) {
                long h = row * window.stride() - window.padding() + kernelRow;
                for (long kernelColumn = 0; kernelColumn < weight.size(2); kernelColumn++) {
                    long w = column * window.stride() - window.padding() + kernelColumn;
                    if (h >= 0 && h < input.size(1) && w >= 0 && w < input.size(2)) {
                        channels(
                                index(input, b, h, w),
                                index(weight, 0, kernelRow, kernelColumn),
                                index(output, b, row, column),
                                triple);
                    }
                }
            }
        }

        private void channels(int in, int kernel, int out, Triple triple) {
            int perOut = Math.toIntExact(weight.elements() / weight.size(0));
            for (int o = 0; o < output.size(3); o++) {
                for (int c = 0; c < input.size(3); c++) {
                    triple.visit(in + c, kernel + o * perOut + c, out + o);
                }
            }
        }

        private static int index(Shape shape, long first, long row, long column) {
            long pixel = (first * shape.size(1) + row) * shape.size(2) + column;
            return Math.toIntExact(pixel * shape.size(3));
        }
    }
}
