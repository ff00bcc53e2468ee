package dev.partita.kernels.cpu;

import static org.bytedeco.dnnl.global.dnnl.*;

import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Window;
import dev.partita.kernels.Buffer;
import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelRequest;
import java.util.Optional;
import org.bytedeco.dnnl.dnnl_primitive_desc;

/// Convolutions: images stay channels-last, weights are repacked for the primitive on every run,
/// since training changes them on every run.
final class OneDnnConvolutions {
    private OneDnnConvolutions() {}

    static Optional<Kernel> forward(Op.Conv2d op, KernelRequest request) {
        Buffer x = request.operand(0);
        Buffer weight = request.operand(1);
        Buffer y = request.result(0);
        var conv = new Convolution(op.window(), x, weight, y);
        boolean bias = op.epilogue().hasBias();
        return OneDnnKernel.open(
                scope -> conv.forward(scope, bias, op.epilogue().hasRelu()),
                kernel -> {
                    kernel.read(DNNL_ARG_SRC, conv.x, x.memory());
                    kernel.read(DNNL_ARG_WEIGHTS, conv.weight, weight.memory());
                    if (bias) {
                        kernel.read(DNNL_ARG_BIAS, conv.bias, request.operand(2).memory());
                    }
                    kernel.write(DNNL_ARG_DST, conv.y, y.memory());
                });
    }

    static Optional<Kernel> inputGrad(Op.Conv2dInputGrad op, KernelRequest request) {
        Buffer dy = request.operand(0);
        Buffer weight = request.operand(1);
        Buffer dx = request.result(0);
        var conv = new Convolution(op.window(), dx, weight, dy);
        return OneDnnKernel.open(
                conv::inputGrad,
                kernel -> {
                    kernel.read(DNNL_ARG_DIFF_DST, conv.y, dy.memory());
                    kernel.read(DNNL_ARG_WEIGHTS, conv.weight, weight.memory());
                    kernel.write(DNNL_ARG_DIFF_SRC, conv.x, dx.memory());
                });
    }

    static Optional<Kernel> weightGrad(Op.Conv2dWeightGrad op, KernelRequest request) {
        Buffer dy = request.operand(0);
        Buffer x = request.operand(1);
        Buffer dweight = request.result(0);
        var conv = new Convolution(op.window(), x, dweight, dy);
        return OneDnnKernel.open(
                scope -> conv.weightGrad(scope, op.bias()),
                kernel -> {
                    kernel.read(DNNL_ARG_DIFF_DST, conv.y, dy.memory());
                    kernel.read(DNNL_ARG_SRC, conv.x, x.memory());
                    kernel.write(DNNL_ARG_DIFF_WEIGHTS, conv.weight, dweight.memory());
                    if (op.bias()) {
                        kernel.write(DNNL_ARG_DIFF_BIAS, conv.bias, request.result(1).memory());
                    }
                });
    }

    /// The sizes of a convolution, whichever of its three tensors is computed.
    private static final class Convolution {
        final Layout x;
        final Layout weight;
        final Layout bias;
        final Layout y;
        private final long[] strides;
        private final long[] dilations = {0, 0};
        private final long[] before;
        private final long[] after = new long[2];

        Convolution(Window window, Buffer x, Buffer weight, Buffer y) {
            this.x = Layout.channelsLast(x.type().shape());
            this.weight = Layout.channelsLast(weight.type().shape());
            this.bias = Layout.vector(y.type().shape().size(3));
            this.y = Layout.channelsLast(y.type().shape());
            strides = new long[] {window.stride(), window.stride()};
            before = new long[] {window.padding(), window.padding()};
            for (int i = 0; i < 2; i++) {
                // oneDNN wants the padding that the last window really reaches, which may be
                // negative
                long reach =
                        (y.type().shape().size(i + 1) - 1) * window.stride()
                                + weight.type().shape().size(i + 1);
                after[i] = reach - x.type().shape().size(i + 1) - window.padding();
            }
        }

        Optional<dnnl_primitive_desc> forward(OneDnnScope scope, boolean hasBias, boolean relu) {
            return scope.find(result -> forward(scope, result, hasBias, relu));
        }

        private int forward(
                OneDnnScope scope, dnnl_primitive_desc result, boolean hasBias, boolean relu) {
            return dnnl_convolution_forward_primitive_desc_create(
                    result,
                    OneDnn.engine(),
                    dnnl_forward_training,
                    dnnl_convolution_direct,
                    scope.plain(x),
                    scope.any(weight),
                    hasBias ? scope.plain(bias) : null,
                    scope.plain(y),
                    strides,
                    dilations,
                    before,
                    after,
                    scope.attributes(relu));
        }

        Optional<dnnl_primitive_desc> inputGrad(OneDnnScope scope) {
            return scope.find(result ->
                    dnnl_convolution_backward_data_primitive_desc_create(
                            result,
                            OneDnn.engine(),
                            dnnl_convolution_direct,
                            scope.plain(x),
                            scope.any(weight),
                            scope.plain(y),
                            strides,
                            dilations,
                            before,
                            after,
                            hint(scope),
                            scope.attributes(false)));
        }

        Optional<dnnl_primitive_desc> weightGrad(OneDnnScope scope, boolean hasBias) {
            return scope.find(result ->
                    dnnl_convolution_backward_weights_primitive_desc_create(
                            result,
                            OneDnn.engine(),
                            dnnl_convolution_direct,
                            scope.plain(x),
                            scope.any(weight),
                            hasBias ? scope.plain(bias) : null,
                            scope.plain(y),
                            strides,
                            dilations,
                            before,
                            after,
                            hint(scope),
                            scope.attributes(false)));
        }

        /// Backward primitives are found beside a forward one.
        private dnnl_primitive_desc hint(OneDnnScope scope) {
            var result = new dnnl_primitive_desc();
            OneDnn.check(forward(scope, result, false, false), "describing a forward convolution");
            scope.own(result);
            return result;
        }
    }
}
