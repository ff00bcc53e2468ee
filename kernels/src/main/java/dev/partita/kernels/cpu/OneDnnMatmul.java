package dev.partita.kernels.cpu;

import static org.bytedeco.dnnl.global.dnnl.*;

import dev.partita.dsl.graph.Op;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.dsl.tensor.TensorType;
import dev.partita.kernels.Buffer;
import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelRequest;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Function;
import org.bytedeco.dnnl.dnnl_primitive_attr;

/// Einsums that are one matmul.
final class OneDnnMatmul {
    /// In bytes: two pages.
    private static final long FAR_APART = 8192;

    private OneDnnMatmul() {}

    static Optional<Kernel> einsum(Op.Einsum op, KernelRequest request) {
        return MatmulForm.of(op.spec(), request)
                .flatMap(form -> matmul(form, op, request, OneDnnScope::attributes));
    }

    /// An einsum whose result is added to what is there; empty where oneDNN has no code for the
    /// types.
    static Optional<Kernel> adding(Op.Einsum op, KernelRequest request) {
        boolean possible =
                request.buffers().allMatch(buffer -> OneDnn.computes(buffer.type().dtype()));
        return possible
                ? MatmulForm.of(op.spec(), request)
                        .flatMap(form -> matmul(form, op, request, OneDnnScope::attributesAdding))
                : Optional.empty();
    }

    private static Optional<Kernel> matmul(
            MatmulForm form,
            Op.Einsum op,
            KernelRequest request,
            Function<OneDnnScope, dnnl_primitive_attr> attributes) {
        boolean hasBias = op.epilogue().hasBias();
        long[] sizes = form.result().sizes();
        long columns = sizes[sizes.length - 1];
        TensorType biasType = request.operands().getLast().type();
        if (hasBias && biasType.shape().elements() != columns) {
            return Optional.empty();
        }
        Layout bias = alongColumns(biasType.dtype(), sizes);
        Buffer left = request.operand(form.swapped() ? 1 : 0);
        Buffer right = request.operand(form.swapped() ? 0 : 1);
        return OneDnnKernel.open(
                        scope ->
                                scope.find(found ->
                                        dnnl_matmul_primitive_desc_create(
                                                found,
                                                OneDnn.engine(),
                                                scope.plain(form.left()),
                                                repacks(form.right())
                                                        ? scope.any(form.right())
                                                        : scope.plain(form.right()),
                                                hasBias ? scope.plain(bias) : null,
                                                scope.plain(form.result()),
                                                attributes.apply(scope))),
                        kernel -> {
                            kernel.read(DNNL_ARG_SRC, form.left(), left.memory());
                            kernel.read(DNNL_ARG_WEIGHTS, form.right(), right.memory());
                            if (hasBias) {
                                kernel.read(DNNL_ARG_BIAS, bias, request.operand(2).memory());
                            }
                            kernel.write(DNNL_ARG_DST, form.result(), request.result(0).memory());
                        })
                .map(kernel -> VectorEpilogue.relu(kernel, op.epilogue(), request));
    }

    /// True if the right operand is worth repacking first: one matrix whose rows lie whole pages of
    /// memory apart, so that they compete for the same lines of the cache. Measured on 256-wide to
    /// 3072-wide layers: up to 25 % faster there, and slower for narrow, transposed or batched
    /// ones.
    private static boolean repacks(Layout right) {
        long[] strides = right.strides();
        return strides.length == 2
                && strides[1] == 1
                && strides[0] * right.dtype().bytes() >= FAR_APART;
    }

    /// A vector along the last dim of a tensor of these sizes.
    private static Layout alongColumns(Dtype dtype, long[] sizes) {
        var own = new long[sizes.length];
        var strides = new long[sizes.length];
        Arrays.fill(own, 1);
        own[own.length - 1] = sizes[sizes.length - 1];
        Arrays.fill(strides, own[own.length - 1]);
        strides[strides.length - 1] = 1;
        return new Layout(dtype, own, strides);
    }
}
