package dev.partita.kernels.cpu;

import dev.partita.dsl.graph.AttentionOp;
import dev.partita.dsl.graph.BatchNorm;
import dev.partita.dsl.graph.Elementwise;
import dev.partita.dsl.graph.Op;
import dev.partita.dsl.graph.Reshard;
import dev.partita.dsl.graph.RowOp;
import dev.partita.dsl.graph.Update;
import dev.partita.dsl.tensor.Dtype;
import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelLibrary;
import dev.partita.kernels.KernelRequest;
import java.util.Optional;

/// What the Vector API computes in f32, on any platform.
final class VectorLibrary implements KernelLibrary {
    @Override
    public String name() {
        return "vector";
    }

    @Override
    public Optional<Kernel> open(KernelRequest request) {
        boolean f32 =
                request.buffers()
                        .map(buffer -> buffer.type().dtype())
                        .allMatch(dtype -> !dtype.isFloating() || dtype == Dtype.F32);
        return f32 ? kernel(request) : Optional.empty();
    }

    private static Optional<Kernel> kernel(KernelRequest request) {
        return switch (request.op()) {
            case Elementwise elementwise ->
                    Optional.of(VectorFormulas.kernel(elementwise, request));
            case Op.ScaleBy _ -> Optional.of(VectorFormulas.scaleBy(request));
            case Op.AddBias _ -> Optional.of(TileBias.kernel(request));
            case Op.Sum sum -> TileSums.sum(sum, request);
            case Op.SumSquares _ -> Optional.of(TileSums.sumSquares(request));
            case Op.Softmax _ -> Optional.of(RowLosses.softmax(request));
            case Op.SoftmaxGrad _ -> Optional.of(RowLosses.softmaxGrad(request));
            case Op.CrossEntropy loss -> Optional.of(RowLosses.crossEntropy(loss, request));
            case Op.CrossEntropyGrad grad -> Optional.of(RowLosses.crossEntropyGrad(grad, request));
            case RowOp.LogSumExp _ -> Optional.of(RowLosses.logSumExp(request));
            case Op.Einsum einsum -> VectorMatmul.einsum(einsum, request);
            case Op.Conv2d conv -> Optional.of(VectorConvolutions.forward(conv, request));
            case Op.Conv2dInputGrad grad ->
                    Optional.of(VectorConvolutions.inputGrad(grad, request));
            case Op.Conv2dWeightGrad grad ->
                    Optional.of(VectorConvolutions.weightGrad(grad, request));
            case Op.MaxPool pool -> VectorPooling.max(pool, request);
            case Op.MaxPoolGrad grad -> VectorPooling.maxGrad(grad, request);
            case Op.LayerNorm norm -> Optional.of(RowNorms.layerNorm(norm, request));
            case Op.LayerNormGrad _ -> Optional.of(RowNorms.layerNormGrad(request));
            case BatchNorm norm -> Optional.of(ChannelNorms.kernel(norm, request));
            case Op.Embedding _ -> Optional.of(VectorEmbeddings.lookup(request));
            case Op.EmbeddingGrad _ -> Optional.of(VectorEmbeddings.grad(request));
            case AttentionOp.Attention attention ->
                    Optional.of(new BlockwiseAttention(attention, request));
            case AttentionOp.AttentionGrad grad ->
                    Optional.of(new BlockwiseAttentionGrad(grad, request));
            case AttentionOp.Merge _ -> Optional.of(MergeAttention.kernel(request));
            case Update.SgdStep sgd -> Optional.of(VectorSgd.kernel(sgd, request));
            case Update.AdamStep adam -> Optional.of(new VectorAdam(adam, request));
            case Op.Leaf _,
                    Op.Flatten _,
                    Op.Unflatten _,
                    Op.Border _,
                    Op.MicroBatch _,
                    Op.Ignoring _,
                    Op.Broadcast _,
                    Op.Cast _,
                    Op.Dropout _,
                    Op.RequireFinite _,
                    RowOp.RmsNorm _,
                    RowOp.RmsNormGrad _,
                    RowOp.PickLogit _,
                    AttentionOp.Rotary _,
                    Update.Store _,
                    Update.LossScaleStep _,
                    Reshard _ ->
                    Optional.empty();
        };
    }
}
