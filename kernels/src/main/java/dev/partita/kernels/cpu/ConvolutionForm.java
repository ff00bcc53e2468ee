package dev.partita.kernels.cpu;

import static org.bytedeco.dnnl.global.dnnl.*;

import dev.partita.dsl.graph.Window;
import dev.partita.dsl.tensor.TensorType;
import java.util.Optional;
import java.util.function.BiFunction;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_desc;

/// A convolution as oneDNN describes it, whichever of its three tensors is computed. The order of
/// weights in memory is left to the primitive. A bias has the type of the weights.
final class ConvolutionForm {
    private final Layout x;
    private final Layout weight;
    private final Layout bias;
    private final Layout y;
    private final long[] strides;
    private final long[] dilations = {0, 0};
    private final long[] before;
    private final long[] after;
    private final BiFunction<OneDnnScope, Layout, dnnl_memory_desc> image;

    /// @param image how images are described: as they lie in memory, or for any order
    ConvolutionForm(
            Window window,
            TensorType x,
            TensorType weight,
            TensorType y,
            BiFunction<OneDnnScope, Layout, dnnl_memory_desc> image) {
        this.x = Layout.channelsLast(x);
        this.weight = Layout.channelsLast(weight);
        this.bias = Layout.vector(weight.dtype(), y.shape().size(3));
        this.y = Layout.channelsLast(y);
        this.image = image;
        strides = new long[] {window.stride(), window.stride()};
        before = new long[] {window.padding(), window.padding()};
        after = PoolingForm.paddingAfter(window, x.shape(), y.shape());
    }

    Layout x() {
        return x;
    }

    Layout weight() {
        return weight;
    }

    Layout bias() {
        return bias;
    }

    Layout y() {
        return y;
    }

    /// Without oneDNN's code for windows of one pixel where these are strided: in version 3.11,
    /// with 256-bit vectors and channels that fill no whole vector, it writes past its scratch
    /// memory.
    private Optional<dnnl_primitive_desc> find(OneDnnScope scope, OneDnnScope.Creation creation) {
        boolean strided = strides[0] > 1;
        return scope.find(creation, name -> strided && name.startsWith("jit_1x1"));
    }

    Optional<dnnl_primitive_desc> forward(OneDnnScope scope, boolean hasBias) {
        return find(scope, result -> forward(scope, result, hasBias));
    }

    private int forward(OneDnnScope scope, dnnl_primitive_desc result, boolean hasBias) {
        return forward(scope, result, weight, hasBias);
    }

    private int forward(
            OneDnnScope scope, dnnl_primitive_desc result, Layout weights, boolean hasBias) {
        return dnnl_convolution_forward_primitive_desc_create(
                result,
                OneDnn.engine(),
                dnnl_forward_training,
                dnnl_convolution_direct,
                image.apply(scope, x),
                scope.any(weights),
                hasBias ? scope.plain(bias) : null,
                image.apply(scope, y),
                strides,
                dilations,
                before,
                after,
                scope.attributes());
    }

    Optional<dnnl_primitive_desc> inputGrad(OneDnnScope scope) {
        return find(
                scope,
                result ->
                        dnnl_convolution_backward_data_primitive_desc_create(
                                result,
                                OneDnn.engine(),
                                dnnl_convolution_direct,
                                image.apply(scope, x),
                                scope.any(weight),
                                image.apply(scope, y),
                                strides,
                                dilations,
                                before,
                                after,
                                hint(scope),
                                scope.attributes()));
    }

    Optional<dnnl_primitive_desc> weightGrad(OneDnnScope scope, boolean hasBias) {
        return find(
                scope,
                result ->
                        dnnl_convolution_backward_weights_primitive_desc_create(
                                result,
                                OneDnn.engine(),
                                dnnl_convolution_direct,
                                image.apply(scope, x),
                                scope.any(weight),
                                hasBias ? scope.plain(bias) : null,
                                image.apply(scope, y),
                                strides,
                                dilations,
                                before,
                                after,
                                hint(scope),
                                scope.attributes()));
    }

    /// Backward primitives are found beside a forward one, in which images and weights are of one
    /// type.
    private dnnl_primitive_desc hint(OneDnnScope scope) {
        var result = new dnnl_primitive_desc();
        OneDnn.check(
                forward(scope, result, weight.as(x.dtype()), false),
                "describing a forward convolution");
        scope.own(result);
        return result;
    }
}
