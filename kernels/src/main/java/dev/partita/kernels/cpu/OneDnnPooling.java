package dev.partita.kernels.cpu;

import static org.bytedeco.dnnl.global.dnnl.*;

import dev.partita.dsl.graph.Op;
import dev.partita.dsl.tensor.TensorType;
import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelRequest;
import java.util.Optional;

/// Max-pooling. oneDNN's workspace is our buffer of positions: one byte per result element, in the
/// result's order, holding the position inside the window.
final class OneDnnPooling {
    private OneDnnPooling() {}

    static Optional<Kernel> max(Op.MaxPool op, KernelRequest request) {
        TensorType image = request.operand(0).type();
        TensorType pooled = request.result(0).type();
        Layout x = Layout.channelsLast(image);
        Layout y = Layout.channelsLast(pooled);
        var form = new PoolingForm(op.window(), image.shape(), pooled.shape());
        return OneDnnKernel.open(
                scope -> form.forward(scope, scope.plain(x), scope.plain(y)),
                kernel -> {
                    kernel.read(DNNL_ARG_SRC, x, request.operand(0).memory());
                    kernel.write(DNNL_ARG_DST, y, request.result(0).memory());
                    kernel.exactly(DNNL_ARG_WORKSPACE, request.result(1).memory());
                });
    }

    static Optional<Kernel> maxGrad(Op.MaxPoolGrad op, KernelRequest request) {
        TensorType image = request.result(0).type();
        TensorType pooled = request.operand(0).type();
        Layout dx = Layout.channelsLast(image);
        Layout dy = Layout.channelsLast(pooled);
        var form = new PoolingForm(op.window(), image.shape(), pooled.shape());
        return OneDnnKernel.open(
                scope -> form.backward(scope, scope.plain(dx), scope.plain(dy)),
                kernel -> {
                    kernel.read(DNNL_ARG_DIFF_DST, dy, request.operand(0).memory());
                    kernel.exactly(DNNL_ARG_WORKSPACE, request.operand(1).memory());
                    kernel.write(DNNL_ARG_DIFF_SRC, dx, request.result(0).memory());
                });
    }
}
