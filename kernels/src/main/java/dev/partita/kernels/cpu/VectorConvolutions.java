package dev.partita.kernels.cpu;

import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Window;
import dev.partita.dsl.tensor.Shape;
import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelRequest;
import java.lang.foreign.Arena;

/// Convolutions where there is no oneDNN: an image's windows are written out as the rows of a
/// matrix (im2col), and each of the three ops is a matmul with it, image by image.
final class VectorConvolutions {
    private VectorConvolutions() {}

    static Kernel forward(Op.Conv2d op, KernelRequest request) {
        long x = request.operand(0).memory().address();
        long weight = request.operand(1).memory().address();
        long y = request.result(0).memory().address();
        var windows =
                new Windows(
                        op.window(),
                        request.operand(0).type().shape(),
                        request.operand(1).type().shape(),
                        request.result(0).type().shape());
        var gemm = windows.gemm(windows.pixels, windows.taps, windows.channels);
        Kernel sums =
                windows.kernel(
                        gemm,
                        () -> {
                            Floats.clear(y, request.result(0).type().bytes());
                            gemm.packRight(weight, 1, windows.taps);
                            for (long b = 0; b < windows.batch; b++) {
                                windows.write(x, b);
                                gemm.packLeft(windows.matrix, windows.taps, 1);
                                gemm.multiplyAdd(windows.output(y, b), windows.channels, 1);
                            }
                        });
        return VectorEpilogue.after(sums, op.epilogue(), request);
    }

    static Kernel inputGrad(Op.Conv2dInputGrad op, KernelRequest request) {
        long dy = request.operand(0).memory().address();
        long weight = request.operand(1).memory().address();
        long dx = request.result(0).memory().address();
        var windows =
                new Windows(
                        op.window(),
                        request.result(0).type().shape(),
                        request.operand(1).type().shape(),
                        request.operand(0).type().shape());
        var gemm = windows.gemm(windows.pixels, windows.channels, windows.taps);
        return windows.kernel(
                gemm,
                () -> {
                    Floats.clear(dx, request.result(0).type().bytes());
                    gemm.packRight(weight, windows.taps, 1);
                    for (long b = 0; b < windows.batch; b++) {
                        gemm.packLeft(windows.output(dy, b), windows.channels, 1);
                        Floats.clear(windows.matrix, windows.matrixBytes);
                        gemm.multiplyAdd(windows.matrix, windows.taps, 1);
                        windows.addBack(dx, b);
                    }
                });
    }

    static Kernel weightGrad(Op.Conv2dWeightGrad op, KernelRequest request) {
        long dy = request.operand(0).memory().address();
        long x = request.operand(1).memory().address();
        long dweight = request.result(0).memory().address();
        long dbias = request.results().getLast().memory().address();
        var windows =
                new Windows(
                        op.window(),
                        request.operand(1).type().shape(),
                        request.result(0).type().shape(),
                        request.operand(0).type().shape());
        var gemm = windows.gemm(windows.channels, windows.pixels, windows.taps);
        return windows.kernel(
                gemm,
                () -> {
                    Floats.clear(dweight, request.result(0).type().bytes());
                    for (long b = 0; b < windows.batch; b++) {
                        windows.write(x, b);
                        gemm.packLeft(windows.output(dy, b), 1, windows.channels);
                        gemm.packRight(windows.matrix, windows.taps, 1);
                        gemm.multiplyAdd(dweight, windows.taps, 1);
                    }
                    if (op.bias()) {
                        windows.sumOutputs(dy, dbias);
                    }
                });
    }

    /// The windows of one image as a matrix: a row per output pixel, a column per tap.
    private static final class Windows {
        final long batch;
        final long pixels;
        final long taps;
        final long channels;
        final long matrix;
        final long matrixBytes;
        private final Arena arena = Arena.ofShared();
        private final Window window;
        private final Shape image;
        private final Shape weight;
        private final long columns;

        Windows(Window window, Shape image, Shape weight, Shape output) {
            this.window = window;
            this.image = image;
            this.weight = weight;
            batch = output.size(0);
            columns = output.size(2);
            pixels = output.size(1) * columns;
            channels = output.size(3);
            taps = weight.elements() / channels;
            matrixBytes = pixels * taps * Float.BYTES;
            matrix = arena.allocate(matrixBytes, 64).address();
        }

        VectorGemm gemm(long rows, long inner, long outer) {
            return new VectorGemm(arena, rows, inner, outer);
        }

        long output(long y, long b) {
            return y + b * pixels * channels * Float.BYTES;
        }

        /// Image `b` to the matrix; padding is zeros.
        void write(long x, long b) {
            Floats.clear(matrix, matrixBytes);
            forEachLine(x, b, Floats::copy);
        }

        /// Adds the matrix back to the pixels it came from.
        void addBack(long x, long b) {
            forEachLine(
                    x,
                    b,
                    (pixel, column, bytes) -> {
                        for (long i = 0; i < bytes; i += Float.BYTES) {
                            Floats.set(pixel + i, Floats.get(pixel + i) + Floats.get(column + i));
                        }
                    });
        }

        void sumOutputs(long y, long sums) {
            Floats.clear(sums, channels * Float.BYTES);
            for (long i = 0; i < batch * pixels * channels; i++) {
                long sum = sums + i % channels * Float.BYTES;
                Floats.set(sum, Floats.get(sum) + Floats.get(y + i * Float.BYTES));
            }
        }

        /// The channels of each pixel that a window covers, and where they lie in the matrix.
        private void forEachLine(long x, long b, PixelVisitor visitor) {
            long bytes = image.size(3) * Float.BYTES;
            for (long pixel = 0; pixel < pixels; pixel++) {
                long top = pixel / columns * window.stride() - window.padding();
                long left = pixel % columns * window.stride() - window.padding();
                long to = matrix + pixel * taps * Float.BYTES;
                for (long h = top; h < top + weight.size(1); h++) {
                    for (long w = left; w < left + weight.size(2); w++) {
                        if (h >= 0 && h < image.size(1) && w >= 0 && w < image.size(2)) {
                            long index = (b * image.size(1) + h) * image.size(2) + w;
                            visitor.visit(x + index * bytes, to, bytes);
                        }
                        to += bytes;
                    }
                }
            }
        }

        Kernel kernel(VectorGemm gemm, Runnable work) {
            return new Kernel() {
                @Override
                public void run() {
                    work.run();
                }

                @Override
                public long workspaceBytes() {
                    return matrixBytes + gemm.workspaceBytes();
                }

                @Override
                public void close() {
                    arena.close();
                }
            };
        }
    }

    /// Receives the addresses of a pixel and of its copy in the matrix, and the bytes of its
    /// channels.
    @FunctionalInterface
    private interface PixelVisitor {
        void visit(long pixel, long column, long bytes);
    }
}
