package dev.partita.kernels.cpu;

import dev.partita.dsl.graph.AttentionOp;
import dev.partita.dsl.graph.BatchNorm;
import dev.partita.dsl.graph.Elementwise;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.graph.RoutingOp;
import dev.partita.dsl.graph.RowOp;
import dev.partita.dsl.graph.Update;
import dev.partita.dsl.graph.Wide;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelLibrary;
import dev.partita.kernels.KernelRequest;
import java.util.Optional;

/// What oneDNN computes in f32 and in half floats, where it has code of its own for the machine: in
/// half floats it reads and writes them and sums in f32.
final class OneDnnLibrary implements KernelLibrary {
    @Override
    public String name() {
        return "onednn";
    }

    @Override
    public Optional<Kernel> open(KernelRequest request) {
        boolean possible =
                request.buffers()
                        .map(buffer -> buffer.type().dtype())
                        .allMatch(dtype -> dtype == Dtype.U8 || OneDnn.computes(dtype));
        return possible && (isOfOneType(request) || sums(request.op()))
                ? kernel(request)
                : Optional.empty();
    }

    private static boolean isOfOneType(KernelRequest request) {
        return request.buffers()
                        .map(buffer -> buffer.type().dtype())
                        .filter(Dtype::isFloating)
                        .distinct()
                        .count()
                == 1;
    }

    /// True for ops that may store in f32 what they sum from half floats.
    private static boolean sums(Op op) {
        return op instanceof Op.Einsum || op instanceof Op.Conv2dWeightGrad;
    }

    private static Optional<Kernel> kernel(KernelRequest request) {
        return switch (request.op()) {
            case Op.Einsum einsum -> OneDnnMatmul.einsum(einsum, request);
            case Op.Conv2d conv -> OneDnnConvolutions.forward(conv, request);
            case Op.Conv2dInputGrad grad -> OneDnnConvolutions.inputGrad(grad, request);
            case Op.Conv2dWeightGrad grad -> OneDnnConvolutions.weightGrad(grad, request);
            case Op.MaxPool pool -> OneDnnPooling.max(pool, request);
            case Op.MaxPoolGrad grad -> OneDnnPooling.maxGrad(grad, request);
            case Op.Softmax _ -> OneDnnSoftmax.forward(request);
            case Op.SoftmaxGrad _ -> OneDnnSoftmax.backward(request);
            case Op.Leaf _,
                    Op.Flatten _,
                    Op.Unflatten _,
                    Op.Border _,
                    Op.MicroBatch _,
                    Op.Ignoring _,
                    Op.ScaleBy _,
                    Op.Broadcast _,
                    Op.Cast _,
                    Op.Sum _,
                    Op.SumSquares _,
                    Op.AddBias _,
                    Op.LayerNorm _,
                    Op.LayerNormGrad _,
                    BatchNorm _,
                    Op.Embedding _,
                    Op.EmbeddingGrad _,
                    Op.Dropout _,
                    Op.CrossEntropy _,
                    Op.CrossEntropyGrad _,
                    Op.RequireFinite _,
                    RowOp _,
                    AttentionOp _,
                    RoutingOp _,
                    Elementwise _,
                    Update _,
                    Wide _,
                    Reshard _ ->
                    Optional.empty();
        };
    }
}
