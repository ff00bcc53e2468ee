package dev.partita.kernels.cpu;

import dev.partita.dsl.graph.Elementwise;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelLibrary;
import dev.partita.kernels.KernelRequest;
import dev.partita.kernels.WideKernel;
import java.util.Optional;

/// Ops on bf16 and f16 where the machine has no code for them: casts and elementwise ops a tile at
/// a time, the rest by the kernels for f32 with casts around them.
final class HalfLibrary implements KernelLibrary {
    private final KernelLibrary wide;

    /// @param wide computes in f32, and opens casts here
    HalfLibrary(KernelLibrary wide) {
        this.wide = wide;
    }

    @Override
    public String name() {
        return "half";
    }

    @Override
    public Optional<Kernel> open(KernelRequest request) {
        if (request.op() instanceof Op.Cast) {
            return cast(request);
        }
        if (!WideKernel.concerns(request)) {
            return Optional.empty();
        }
        return Optional.of(
                request.op() instanceof Elementwise op && isOfOneType(request)
                        ? elementwise(op, request)
                        : WideKernel.open(wide, request, Dtype.F32));
    }

    /// @param request all of whose buffers are of one half type
    static Kernel elementwise(Elementwise op, KernelRequest request) {
        return HalfRelu.open(op, request)
                .orElseGet(() -> new HalfLoop(VectorFormulas.formula(op), request));
    }

    private static boolean isOfOneType(KernelRequest request) {
        return request.buffers().map(b -> b.type().dtype()).distinct().count() == 1;
    }

    private static Optional<Kernel> cast(KernelRequest request) {
        long from = request.operand(0).memory().address();
        long to = request.result(0).memory().address();
        long count = request.result(0).type().shape().elements();
        Dtype source = request.operand(0).type().dtype();
        Dtype target = request.result(0).type().dtype();
        if (HalfFloats.isHalf(source) && target == Dtype.F32) {
            return Optional.of(() -> HalfFloats.widen(source, from, to, count));
        }
        if (source == Dtype.F32 && HalfFloats.isHalf(target)) {
            return Optional.of(() -> HalfFloats.narrow(target, from, to, count));
        }
        return Optional.empty();
    }
}
