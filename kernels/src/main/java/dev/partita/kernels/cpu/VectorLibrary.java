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
import dev.partita.kernels.Buffer;
import dev.partita.kernels.Kernel;
import dev.partita.kernels.KernelLibrary;
import dev.partita.kernels.KernelRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// What the Vector API computes in f32, on any platform; some of it from half floats to half
/// floats.
final class VectorLibrary implements KernelLibrary {
    /// Operand of attention's gradient that is always wide.
    private static final int LOG_SUMS = 4;

    @Override
    public String name() {
        return "vector";
    }

    @Override
    public Optional<Kernel> open(KernelRequest request) {
        return isWide(request) || readsHalf(request) ? kernel(request) : Optional.empty();
    }

    private static boolean isWide(KernelRequest request) {
        return request.buffers()
                .map(buffer -> buffer.type().dtype())
                .allMatch(dtype -> !dtype.isFloating() || dtype == Dtype.F32);
    }

    /// True for an op in f32 that reads and stores half floats, where they are multiplied natively.
    private static boolean readsHalf(KernelRequest request) {
        return switch (request.op()) {
            case AttentionOp.Attention _ ->
                    isNative(request.operands()) && isNative(request.results().subList(0, 1));
            case AttentionOp.AttentionGrad _ -> {
                var tensors = new ArrayList<>(request.operands());
                tensors.remove(LOG_SUMS);
                tensors.addAll(request.results());
                yield isNative(tensors);
            }
            case Op.Sum _, Op.SumSquares _, Op.Softmax _, Op.SoftmaxGrad _ ->
                    request.buffers().allMatch(Numbers::are);
            case Op.LayerNorm _ -> areWide(request, List.of(1, 2), List.of(1, 2));
            case Op.LayerNormGrad _ -> areWide(request, List.of(1, 2, 3), List.of(1, 2));
            case Op.CrossEntropyGrad _ -> areWide(request, List.of(2, 3), List.of());
            case Op.Embedding _ -> areWide(request, List.of(), List.of());
            case Op.EmbeddingGrad _ -> areWide(request, List.of(), List.of(0));
            case Update.Descent step -> readsHalfGradients(step, 1, request);
            case Update.Together all -> readsHalfGradients(all.step(), all.count(), request);
            case Op _ -> false;
        };
    }

    /// True if all but the gradients are f32.
    private static boolean readsHalfGradients(
            Update.Descent step, int count, KernelRequest request) {
        List<Integer> wide =
                IntStream.range(0, count * step.arity())
                        .filter(i -> i % step.arity() != 1)
                        .filter(i -> request.operand(i).type().dtype().isFloating())
                        .boxed()
                        .toList();
        return areWide(
                request, wide, IntStream.range(0, request.results().size()).boxed().toList());
    }

    /// True if these operands and results are f32, and the others numbers that there are tiles for.
    private static boolean areWide(
            KernelRequest request, List<Integer> operands, List<Integer> results) {
        return Stream.concat(
                                operands.stream().map(request::operand),
                                results.stream().map(request::result))
                        .allMatch(buffer -> buffer.type().dtype() == Dtype.F32)
                && request.buffers()
                        .filter(buffer -> buffer.type().dtype().isFloating())
                        .allMatch(Numbers::are);
    }

    private static boolean isNative(List<Buffer> buffers) {
        Dtype first = buffers.getFirst().type().dtype();
        return HalfFloats.isHalf(first)
                && OneDnn.computes(first)
                && buffers.stream().allMatch(buffer -> buffer.type().dtype() == first);
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
                    attention.scale() > 0
                            ? Optional.of(new BlockwiseAttention(attention, request))
                            : Optional.empty();
            case AttentionOp.AttentionGrad grad ->
                    grad.scale() > 0
                            ? Optional.of(new BlockwiseAttentionGrad(grad, request))
                            : Optional.empty();
            case AttentionOp.Merge _ -> Optional.of(MergeAttention.kernel(request));
            case RoutingOp.Route route -> Optional.of(TopChoices.route(route, request));
            case RoutingOp.RouteGrad grad -> Optional.of(TopChoices.grad(grad, request));
            case RoutingOp.Dispatch _ -> Optional.of(SlotRows.dispatch(request));
            case RoutingOp.Combine _ -> Optional.of(SlotRows.combine(request));
            case RoutingOp.SlotDot _ -> Optional.of(SlotRows.dot(request));
            case Update.SgdStep sgd -> Optional.of(VectorSgd.kernel(sgd, request));
            case Update.AdamStep adam -> Optional.of(new VectorAdam(adam, request));
            case Update.Together together -> Optional.of(FlatUpdates.open(together, request));
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
                    Wide _,
                    Reshard _ ->
                    Optional.empty();
        };
    }
}
