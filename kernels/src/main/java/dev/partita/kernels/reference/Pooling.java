package dev.partita.kernels.reference;

import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Window;
import dev.partita.dsl.tensor.Shape;
import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelRequest;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Max-pooling over channels-last images; pixels of the padding never win.
final class Pooling {
    private Pooling() {}

    static Kernel max(Op.MaxPool op, KernelRequest request) {
        Shape in = request.operand(0).type().shape();
        Shape out = request.result(0).type().shape();
        Window window = op.window();
        Elements x = Elements.of(request.operand(0));
        Elements y = Elements.of(request.result(0));
        MemorySegment positions = request.result(1).memory();
        return () -> {
            for (long i = 0; i < out.elements(); i++) {
                int best = -1;
                for (int p = 0; p < window.height() * window.width(); p++) {
                    long pixel = pixel(window, in, out, i, p);
                    if (pixel >= 0 && (best < 0 || x.get(pixel) > y.get(i))) {
                        best = p;
                        y.set(i, x.get(pixel));
                    }
                }
                positions.set(ValueLayout.JAVA_BYTE, i, (byte) best);
            }
        };
    }

    static Kernel maxGrad(Op.MaxPoolGrad op, KernelRequest request) {
        Shape in = request.result(0).type().shape();
        Shape out = request.operand(0).type().shape();
        Elements dy = Elements.of(request.operand(0));
        MemorySegment positions = request.operand(1).memory();
        Elements dx = Elements.of(request.result(0));
        return () -> {
            for (long i = 0; i < in.elements(); i++) {
                dx.set(i, 0);
            }
            for (long i = 0; i < out.elements(); i++) {
                int p = Byte.toUnsignedInt(positions.get(ValueLayout.JAVA_BYTE, i));
                dx.add(pixel(op.window(), in, out, i, p), dy.get(i));
            }
        };
    }

    /// Index of the input element at `position` in the window of output element `i`, or -1 in the
    /// padding.
    private static long pixel(Window window, Shape in, Shape out, long i, int position) {
        long channel = i % out.size(3);
        long column = i / out.size(3) % out.size(2);
        long row = i / out.size(3) / out.size(2) % out.size(1);
        long b = i / out.size(3) / out.size(2) / out.size(1);
        long h = row * window.stride() - window.padding() + position / window.width();
        long w = column * window.stride() - window.padding() + position % window.width();
        boolean inside = h >= 0 && h < in.size(1) && w >= 0 && w < in.size(2);
        return inside ? ((b * in.size(1) + h) * in.size(2) + w) * in.size(3) + channel : -1;
    }
}
