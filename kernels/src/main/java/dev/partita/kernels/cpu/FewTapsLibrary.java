package dev.partita.kernels.cpu;

import dev.partita.dsl.graph.Op;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelLibrary;
import dev.partita.kernels.KernelRequest;
import java.util.Optional;

/// What the Vector API computes faster than oneDNN in f32: convolutions whose windows hold few
/// numbers. Asked before oneDNN.
final class FewTapsLibrary implements KernelLibrary {
    @Override
    public String name() {
        return "few-taps";
    }

    @Override
    public Optional<Kernel> open(KernelRequest request) {
        if (request.buffers().anyMatch(b -> b.type().dtype() != Dtype.F32)) {
            return Optional.empty();
        }
        if (request.op() instanceof Op.Conv2d conv) {
            return FewTapsForward.open(conv, request);
        }
        if (request.op() instanceof Op.Conv2dWeightGrad grad) {
            return FewTapsWeightGrad.open(grad, request);
        }
        return Optional.empty();
    }
}
