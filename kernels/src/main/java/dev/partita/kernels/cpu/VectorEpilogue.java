package dev.partita.kernels.cpu;

import dev.partita.dsl.graph.Elementwise;
import dev.partita.dsl.graph.Epilogue;
import dev.partita.dsl.graph.Op;
import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelRequest;
import java.util.List;

/// What follows a contraction that ends with more than a sum: further kernels over its result.
final class VectorEpilogue {
    private VectorEpilogue() {}

    /// Adds the bias and applies the relu.
    static Kernel after(Kernel contraction, Epilogue epilogue, KernelRequest request) {
        if (!epilogue.hasBias()) {
            return relu(contraction, epilogue, request);
        }
        var operands = List.of(request.result(0), request.operand(2));
        Kernel bias =
                TileBias.kernel(new KernelRequest(new Op.AddBias(), operands, request.results()));
        return relu(new Sequence(contraction, bias), epilogue, request);
    }

    /// Applies the relu, if there is one. Not oneDNN's, which makes 0 of NaN and so would hide that
    /// a training has failed.
    static Kernel relu(Kernel contraction, Epilogue epilogue, KernelRequest request) {
        if (!epilogue.hasRelu()) {
            return contraction;
        }
        var op = new Elementwise.Relu();
        var after = new KernelRequest(op, request.results(), request.results());
        Kernel relu =
                HalfFloats.isHalf(request.result(0).type().dtype())
                        ? HalfLibrary.elementwise(op, after)
                        : VectorFormulas.kernel(op, after);
        return new Sequence(contraction, relu);
    }

    /// Two kernels that run one after the other.
    private record Sequence(Kernel first, Kernel second) implements Kernel {
        @Override
        public void run() {
            first.run();
            second.run();
        }

        @Override
        public long workspaceBytes() {
            return first.workspaceBytes() + second.workspaceBytes();
        }

        @Override
        public void close() {
            first.close();
            second.close();
        }
    }
}
