package dev.partita.kernels.cpu;

import static org.bytedeco.dnnl.global.dnnl.*;

import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Window;
import dev.partita.kernels.Buffer;
import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelRequest;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import org.bytedeco.dnnl.dnnl_primitive_desc;

/// Max-pooling. oneDNN's workspace is our buffer of positions: one byte per result element, in the
/// result's order, holding the position inside the window.
final class OneDnnPooling {
    private OneDnnPooling() {}

    static Optional<Kernel> max(Op.MaxPool op, KernelRequest request) {
        Buffer x = request.operand(0);
        Buffer y = request.result(0);
        MemorySegment positions = request.result(1).memory();
        var pooling = new Pooling(op.window(), x, y);
        return OneDnnKernel.open(
                scope -> pooling.forward(scope, positions.byteSize()),
                kernel -> {
                    kernel.read(DNNL_ARG_SRC, pooling.x, x.memory());
                    kernel.write(DNNL_ARG_DST, pooling.y, y.memory());
                    kernel.exactly(DNNL_ARG_WORKSPACE, positions);
                });
    }

    static Optional<Kernel> maxGrad(Op.MaxPoolGrad op, KernelRequest request) {
        Buffer dy = request.operand(0);
        MemorySegment positions = request.operand(1).memory();
        Buffer dx = request.result(0);
        var pooling = new Pooling(op.window(), dx, dy);
        return OneDnnKernel.open(
                scope -> pooling.backward(scope, positions.byteSize()),
                kernel -> {
                    kernel.read(DNNL_ARG_DIFF_DST, pooling.y, dy.memory());
                    kernel.exactly(DNNL_ARG_WORKSPACE, positions);
                    kernel.write(DNNL_ARG_DIFF_SRC, pooling.x, dx.memory());
                });
    }

    private static final class Pooling {
        final Layout x;
        final Layout y;
        private final long[] strides;
        private final long[] kernel;
        private final long[] dilations = {0, 0};
        private final long[] before;
        private final long[] after = new long[2];

        Pooling(Window window, Buffer x, Buffer y) {
            this.x = Layout.channelsLast(x.type().shape());
            this.y = Layout.channelsLast(y.type().shape());
            strides = new long[] {window.stride(), window.stride()};
            kernel = new long[] {window.height(), window.width()};
            before = new long[] {window.padding(), window.padding()};
            for (int i = 0; i < 2; i++) {
                long reach = (y.type().shape().size(i + 1) - 1) * window.stride() + kernel[i];
                after[i] = reach - x.type().shape().size(i + 1) - window.padding();
            }
        }

        Optional<dnnl_primitive_desc> forward(OneDnnScope scope, long positionBytes) {
            return scope.find(result -> forward(scope, result))
                    .filter(found -> workspaceBytes(found) == positionBytes);
        }

        private int forward(OneDnnScope scope, dnnl_primitive_desc result) {
            return dnnl_pooling_forward_primitive_desc_create(
                    result,
                    OneDnn.engine(),
                    dnnl_forward_training,
                    dnnl_pooling_max,
                    scope.plain(x),
                    scope.plain(y),
                    strides,
                    kernel,
                    dilations,
                    before,
                    after,
                    scope.attributes(false));
        }

        Optional<dnnl_primitive_desc> backward(OneDnnScope scope, long positionBytes) {
            return forward(scope, positionBytes)
                    .flatMap(hint ->
                            scope.find(result ->
                                    dnnl_pooling_backward_primitive_desc_create(
                                            result,
                                            OneDnn.engine(),
                                            dnnl_pooling_max,
                                            scope.plain(x),
                                            scope.plain(y),
                                            strides,
                                            kernel,
                                            dilations,
                                            before,
                                            after,
                                            hint,
                                            scope.attributes(false))))
                    .filter(found -> workspaceBytes(found) == positionBytes);
        }

        private static long workspaceBytes(dnnl_primitive_desc descriptor) {
            return dnnl_memory_desc_get_size(
                    dnnl_primitive_desc_query_md(descriptor, dnnl_query_workspace_md, 0));
        }
    }
}
