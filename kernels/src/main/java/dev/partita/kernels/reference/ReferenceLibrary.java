package dev.partita.kernels.reference;

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
import dev.partita.kernels.WideKernel;
import java.util.Optional;

/// Every op that computes, in plain loops over any floating type, accumulated in f64.
public final class ReferenceLibrary implements KernelLibrary {
    public ReferenceLibrary() {}

    @Override
    public String name() {
        return "reference";
    }

    @Override
    public Optional<Kernel> open(KernelRequest wide) {
        KernelRequest request = wide.inside();
        return WideKernel.concerns(request)
                ? Optional.of(WideKernel.open(this, request, Dtype.F64))
                : kernel(request);
    }

    private static Optional<Kernel> kernel(KernelRequest request) {
        return switch (request.op()) {
            case Op.Input _, Op.Parameter _, Op.State _, Op.RequireFinite _ -> Optional.empty();
            case Op.Border _, Reshard.Collective _, Wide _ -> Optional.empty();
            case Op.Constant constant -> Optional.of(Rearrangements.constant(constant, request));
            case Op.Flatten _, Op.Unflatten _, Reshard.Relocate _ ->
                    Optional.of(Rearrangements.copy(request));
            case Op.MicroBatch part -> Optional.of(Rearrangements.microBatch(part, request));
            case Op.Broadcast broadcast ->
                    Optional.of(Rearrangements.broadcast(broadcast, request));
            case Reshard.Slice slice -> Optional.of(Rearrangements.slice(slice, request));
            case Elementwise elementwise -> Optional.of(Formulas.kernel(elementwise, request));
            case Op.ScaleBy _ -> Optional.of(Formulas.scaleBy(request));
            case Op.AddBias _ -> Optional.of(Reductions.addBias(request));
            case Op.Cast _ -> Optional.of(Rearrangements.cast(request));
            case Op.Sum sum -> Optional.of(Reductions.sum(sum, request));
            case Op.SumSquares _ -> Optional.of(Reductions.sumSquares(request));
            case Op.Einsum einsum -> Optional.of(Contractions.einsum(einsum, request));
            case Op.Conv2d conv -> Optional.of(Convolutions.forward(conv, request));
            case Op.Conv2dInputGrad grad -> Optional.of(Convolutions.inputGrad(grad, request));
            case Op.Conv2dWeightGrad grad -> Optional.of(Convolutions.weightGrad(grad, request));
            case Op.MaxPool pool -> Optional.of(Pooling.max(pool, request));
            case Op.MaxPoolGrad grad -> Optional.of(Pooling.maxGrad(grad, request));
            case Op.Softmax _ -> Optional.of(Normalisation.softmax(request));
            case Op.SoftmaxGrad _ -> Optional.of(Normalisation.softmaxGrad(request));
            case Op.LayerNorm norm -> Optional.of(Normalisation.layerNorm(norm, request));
            case Op.LayerNormGrad _ -> Optional.of(Normalisation.layerNormGrad(request));
            case BatchNorm norm -> Optional.of(BatchNormalisation.kernel(norm, request));
            case Op.Embedding _ -> Optional.of(Embeddings.lookup(request));
            case Op.EmbeddingGrad _ -> Optional.of(Embeddings.grad(request));
            case Op.Dropout dropout -> Optional.of(Randomness.dropout(dropout, request));
            case Op.Ignoring ignoring -> Optional.of(Losses.ignoring(ignoring, request));
            case Op.CrossEntropy loss -> Optional.of(Losses.crossEntropy(loss, request));
            case Op.CrossEntropyGrad grad -> Optional.of(Losses.crossEntropyGrad(grad, request));
            case RowOp.RmsNorm norm -> Optional.of(RootMeanSquare.norm(norm, request));
            case RowOp.RmsNormGrad _ -> Optional.of(RootMeanSquare.grad(request));
            case RowOp.LogSumExp _ -> Optional.of(Losses.logSumExp(request));
            case RowOp.PickLogit pick -> Optional.of(Losses.pickLogit(pick, request));
            case AttentionOp.Attention attention ->
                    Optional.of(Attentions.forward(attention, request));
            case AttentionOp.AttentionGrad grad -> Optional.of(Attentions.backward(grad, request));
            case AttentionOp.Merge _ -> Optional.of(Attentions.merge(request));
            case AttentionOp.Rotary rotary -> Optional.of(Attentions.rotary(rotary, request));
            case RoutingOp routing -> Optional.of(Routing.kernel(routing, request));
            case Update.SgdStep sgd -> Optional.of(Optimizers.sgd(sgd, request));
            case Update.AdamStep adam -> Optional.of(Optimizers.adam(adam, request));
            case Update.Together together -> Optional.of(Optimizers.together(together, request));
            case Update.LossScaleStep step -> Optional.of(Optimizers.lossScale(step, request));
            case Update.Store _ -> Optional.of(Rearrangements.store(request));
        };
    }
}
