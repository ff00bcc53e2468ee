package dev.partita.kernels.cpu;

import static org.bytedeco.dnnl.global.dnnl.*;

import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelRequest;
import java.util.Optional;
import org.bytedeco.dnnl.dnnl_primitive_desc;

/// Softmax along the innermost dim.
final class OneDnnSoftmax {
    private OneDnnSoftmax() {}

    static Optional<Kernel> forward(KernelRequest request) {
        Layout rows = Layout.rows(request.result(0).type());
        return OneDnnKernel.open(
                scope -> scope.find(found -> forward(found, scope, rows)),
                kernel -> {
                    kernel.read(DNNL_ARG_SRC, rows, request.operand(0).memory());
                    kernel.write(DNNL_ARG_DST, rows, request.result(0).memory());
                });
    }

    private static int forward(dnnl_primitive_desc found, OneDnnScope scope, Layout rows) {
        return dnnl_softmax_forward_primitive_desc_create(
                found,
                OneDnn.engine(),
                dnnl_forward_training,
                dnnl_softmax_accurate,
                scope.plain(rows),
                scope.plain(rows),
                1,
                scope.attributes());
    }

    static Optional<Kernel> backward(KernelRequest request) {
        Layout rows = Layout.rows(request.result(0).type());
        return OneDnnKernel.open(
                scope ->
                        scope.find(found -> forward(found, scope, rows))
                                .flatMap(hint ->
                                        scope.find(found -> backward(found, scope, rows, hint))),
                kernel -> {
                    kernel.read(DNNL_ARG_DST, rows, request.operand(0).memory());
                    kernel.read(DNNL_ARG_DIFF_DST, rows, request.operand(1).memory());
                    kernel.write(DNNL_ARG_DIFF_SRC, rows, request.result(0).memory());
                });
    }

    private static int backward(
            dnnl_primitive_desc found, OneDnnScope scope, Layout rows, dnnl_primitive_desc hint) {
        return dnnl_softmax_backward_primitive_desc_create(
                found,
                OneDnn.engine(),
                dnnl_softmax_accurate,
                scope.plain(rows),
                scope.plain(rows),
                scope.plain(rows),
                1,
                hint,
                scope.attributes());
    }
}
