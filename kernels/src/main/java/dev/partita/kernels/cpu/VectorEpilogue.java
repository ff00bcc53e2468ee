package dev.partita.kernels.cpu;

import dev.partita.dsl.graph.Elementwise;
import dev.partita.dsl.graph.Epilogue;
import dev.partita.dsl.graph.Op;
import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelRequest;
import java.util.ArrayList;
import java.util.List;

/// What follows a contraction that ends with more than a sum: further kernels over its result.
final class VectorEpilogue {
    private VectorEpilogue() {}

    static Kernel after(Kernel contraction, Epilogue epilogue, KernelRequest request) {
        List<Kernel> kernels = new ArrayList<>(List.of(contraction));
        if (epilogue.hasBias()) {
            var operands = List.of(request.result(0), request.operand(2));
            kernels.add(
                    TileBias.kernel(
                            new KernelRequest(new Op.AddBias(), operands, request.results())));
        }
        if (epilogue.hasRelu()) {
            var relu = new Elementwise.Relu();
            var after = new KernelRequest(relu, request.results(), request.results());
            kernels.add(VectorFormulas.kernel(relu, after));
        }
        return new Sequence(kernels.toArray(Kernel[]::new));
    }

    /// Kernels that run one after the other.
    private static final class Sequence implements Kernel {
        private final Kernel[] kernels;

        Sequence(Kernel[] kernels) {
            this.kernels = kernels;
        }

        @Override
        public void run() {
            for (Kernel kernel : kernels) {
                kernel.run();
            }
        }

        @Override
        public long workspaceBytes() {
            long bytes = 0;
            for (Kernel kernel : kernels) {
                bytes += kernel.workspaceBytes();
            }
            return bytes;
        }

        @Override
        public void close() {
            for (Kernel kernel : kernels) {
                kernel.close();
            }
        }
    }
}
