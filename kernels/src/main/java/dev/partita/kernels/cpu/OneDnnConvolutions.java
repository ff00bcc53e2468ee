package dev.partita.kernels.cpu;

import static org.bytedeco.dnnl.global.dnnl.*;

import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Window;
import dev.partita.kernels.Buffer;
import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelRequest;
import java.util.Optional;
import java.util.function.BiFunction;
import org.bytedeco.dnnl.dnnl_memory_desc;

/// Convolutions: weights are repacked for the primitive on every run, since training changes them
/// on every run. Images stay channels-last, except for gradients with enough products per number
/// moved.
final class OneDnnConvolutions {
    /// Products that one output element sums.
    private static final long WORTH_REPACKING = 128;

    private OneDnnConvolutions() {}

    static Optional<Kernel> forward(Op.Conv2d op, KernelRequest request) {
        Buffer x = request.operand(0);
        Buffer weight = request.operand(1);
        Buffer y = request.result(0);
        var conv = form(op.window(), x, weight, y, OneDnnScope::plain);
        boolean bias = op.epilogue().hasBias();
        return OneDnnKernel.open(
                        scope -> conv.forward(scope, bias),
                        kernel -> {
                            kernel.read(DNNL_ARG_SRC, conv.x(), x.memory());
                            kernel.read(DNNL_ARG_WEIGHTS, conv.weight(), weight.memory());
                            if (bias) {
                                kernel.read(
                                        DNNL_ARG_BIAS, conv.bias(), request.operand(2).memory());
                            }
                            kernel.write(DNNL_ARG_DST, conv.y(), y.memory());
                        })
                .map(kernel -> VectorEpilogue.relu(kernel, op.epilogue(), request));
    }

    static Optional<Kernel> inputGrad(Op.Conv2dInputGrad op, KernelRequest request) {
        Buffer dy = request.operand(0);
        Buffer weight = request.operand(1);
        Buffer dx = request.result(0);
        var conv = gradientForm(op.window(), dx, weight, dy);
        return OneDnnKernel.open(
                conv::inputGrad,
                kernel -> {
                    kernel.read(DNNL_ARG_DIFF_DST, conv.y(), dy.memory());
                    kernel.read(DNNL_ARG_WEIGHTS, conv.weight(), weight.memory());
                    kernel.write(DNNL_ARG_DIFF_SRC, conv.x(), dx.memory());
                });
    }

    static Optional<Kernel> weightGrad(Op.Conv2dWeightGrad op, KernelRequest request) {
        Buffer dy = request.operand(0);
        Buffer x = request.operand(1);
        Buffer dweight = request.result(0);
        var conv = gradientForm(op.window(), x, dweight, dy);
        return OneDnnKernel.open(
                scope -> conv.weightGrad(scope, op.bias()),
                kernel -> {
                    kernel.read(DNNL_ARG_DIFF_DST, conv.y(), dy.memory());
                    kernel.read(DNNL_ARG_SRC, conv.x(), x.memory());
                    kernel.write(DNNL_ARG_DIFF_WEIGHTS, conv.weight(), dweight.memory());
                    if (op.bias()) {
                        kernel.write(DNNL_ARG_DIFF_BIAS, conv.bias(), request.result(1).memory());
                    }
                });
    }

    /// Measured for 32 to 64 channels of 13x13, batch 256, with and without repacked images: weight
    /// 5.9 and 6.3 ms, image 6.1 and 6.4 ms; with one channel repacking costs more than it brings,
    /// and in bf16 always (weight 8.5 and 7.5 ms, image 6.4 ms either way).
    private static ConvolutionForm gradientForm(Window window, Buffer x, Buffer weight, Buffer y) {
        long perOutput = weight.type().shape().elements() / weight.type().shape().size(0);
        return form(
                window,
                x,
                weight,
                y,
                perOutput >= WORTH_REPACKING && !HalfFloats.isHalf(x.type().dtype())
                        ? OneDnnScope::any
                        : OneDnnScope::plain);
    }

    private static ConvolutionForm form(
            Window window,
            Buffer x,
            Buffer weight,
            Buffer y,
            BiFunction<OneDnnScope, Layout, dnnl_memory_desc> image) {
        return new ConvolutionForm(window, x.type(), weight.type(), y.type(), image);
    }
}
